"""The list of formats of tables that are read, from the list that the reader itself uses."""

from projektor_ray.data.table_formats import COMPRESSIONS, TABLE_FORMATS


def formats() -> str:
    """A row per format with its endings, and which of them may be compressed."""
    rows = [
        f"| {one.name} | {', '.join(f'`{ending}`' for ending in one.endings)} | {one.details} |"
        for one in TABLE_FORMATS
    ]
    compressed = " and ".join(one.name for one in TABLE_FORMATS if one.is_text)
    endings = ", ".join(f"`{ending}`" for ending in COMPRESSIONS)
    note = f"{compressed} files may be compressed as a whole ({endings})."
    return "\n".join(
        ["| format | endings | how it is read |", "|---|---|---|", *rows, "", note, ""]
    )
