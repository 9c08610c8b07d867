"""`python -m schemas`: write the JSON Schemas and the tables of the reference anew (`make reference`)."""

from schemas import ROOT, reference, texts

if __name__ == "__main__":
    for file, text in {**{ROOT / "schemas" / name: text for name, text in texts().items()}, **reference.pages()}.items():
        file.write_text(text, encoding="utf-8")
