"""`python -m schemas`: write the JSON Schemas anew."""

from pathlib import Path

import schemas

if __name__ == "__main__":
    for name, text in schemas.texts().items():
        Path(__file__).with_name(name).write_text(text, encoding="utf-8")
