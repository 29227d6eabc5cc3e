"""The rule as a package, deployed by the real rdk, and read back: only what AWS says is believed."""

from lzkey.files import Format


class BillFormat(Format):
    """What a bill of materials is written as; the module has `bill_of_materials(zip)`."""

    CYCLONEDX = "cyclonedx", "sbom", ".json"
