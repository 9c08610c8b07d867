"""multipart/form-data (RFC 7578), whole bodies only; what does not parse is refused."""

import re
from dataclasses import dataclass
from email.message import Message

from rehearsal.cloud.codeartifact.errors import ApiError, invalid


@dataclass(frozen=True)
class Part:
    """One field of a form; `filename` is None for fields that are no files."""

    name: str
    filename: str | None
    content: bytes

    @property
    def text(self) -> str:
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            raise invalid(f"The field '{self.name}' is not UTF-8.") from None


def parse(content_type: str, body: bytes) -> list[Part]:
    """The parts of a form. Raises ValidationException."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise invalid("The request is not multipart/form-data.")
    delimiter = b"\r\n--" + boundary.encode("latin-1")
    sections = (b"\r\n" + body).split(delimiter)
    if len(sections) < 3 or not sections[-1].startswith(b"--"):
        raise invalid("The form does not end with its boundary.")
    return [_part(section) for section in sections[1:-1]]


def _part(section: bytes) -> Part:
    head, separator, content = section.partition(b"\r\n\r\n")
    disposition = re.search(rb"(?im)^content-disposition:[ \t]*([^\r\n]+)", head)
    if not separator or disposition is None:
        raise _malformed()
    header = Message()
    header["content-disposition"] = disposition[1].decode("utf-8", "replace")
    name, filename = header.get_param("name", header="content-disposition"), header.get_filename()
    if not isinstance(name, str) or header.get_content_disposition() != "form-data":
        raise _malformed()
    return Part(name, filename, content)


def _malformed() -> ApiError:
    return invalid("A part of the form has no readable content-disposition.")
