"""Wheels and index pages of the fixture PyPI."""

import base64
import hashlib
import html
import io
import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)


def wheel_name(name: str, version: str) -> str:
    return f"{name.replace('-', '_')}-{version}-py3-none-any.whl"


def wheel(name: str, version: str, requires: list[str]) -> bytes:
    """A pure Python wheel; its module has `__version__` and ORIGIN = "public"."""
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        f"Summary: Fixture package {name}",
        "Requires-Python: >=3.8",
    ]
    files = {
        f"{module}/__init__.py": f'__version__ = "{version}"\nORIGIN = "public"\n',
        f"{info}/METADATA": "\n".join([*metadata, *(f"Requires-Dist: {each}" for each in requires)]) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: package-flow\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_record_hash(text)},{len(text.encode())}\n" for path, text in files.items())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), text)
    return packed.getvalue()


def page(files: dict[str, bytes]) -> str:
    """A project's page (PEP 503): file name to content; the files lie beside the page."""
    escaped = {html.escape(name): hashlib.sha256(content).hexdigest() for name, content in files.items()}
    anchors = (f'<a href="{name}#sha256={digest}" data-requires-python="&gt;=3.8">{name}</a><br>' for name, digest in escaped.items())
    return f"<!DOCTYPE html><html><body>{''.join(anchors)}</body></html>"


def _record_hash(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
