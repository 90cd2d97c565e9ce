"""Files that are whole at every moment."""

from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Puts a file in place at once: a kill leaves the old one or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
