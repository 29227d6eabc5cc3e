#!/usr/bin/env bash
# cyclonedx-python-lib 11.12.0: CycloneDX 1.7 can say that a component is external: needed, and not part of what is
# described, such as a runtime's own library. Written as 1.6 (or earlier), which has no word for it, the component stays
# in the list and only the word is gone, without a warning: the same bill now says that the library is contained. Whoever
# writes for readers of 1.6 must leave external components out first.
#
# Seen: "1.7: 2 components, 1 external; 1.6: 2 components, 0 external; 0 warnings; both valid"
# https://cyclonedx.org/docs/1.7/json/ (components, isExternal)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'cyclonedx-python-lib[json-validation]==11.12.0'

cat >"$folder/look.py" <<'PYTHON'
import json
import warnings

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

application = Component(name="function", version="1", type=ComponentType.APPLICATION, bom_ref="function")
contained = Component(name="shipped", version="1", bom_ref="shipped")
external = Component(name="of-the-runtime", bom_ref="of-the-runtime", is_external=True)
bill = Bom(components=[contained, external])
bill.metadata.component = application
bill.register_dependency(application, [contained, external])

seen, faults, warned = [], [], []
for version in (SchemaVersion.V1_7, SchemaVersion.V1_6):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        text = make_outputter(bill, OutputFormat.JSON, version).output_as_string()
    warned.extend(told)
    faults.append(JsonStrictValidator(version).validate_str(text))
    components = json.loads(text)["components"]
    outside = [each for each in components if each.get("isExternal")]
    seen.append(f"{version.to_version()}: {len(components)} components, {len(outside)} external")
print(f"{'; '.join(seen)}; {len(warned)} warnings; {'not all' if any(faults) else 'both'} valid")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/look.py")
echo "cyclonedx-python-lib 11.12.0: $seen"
[ "$seen" = "1.7: 2 components, 1 external; 1.6: 2 components, 0 external; 0 warnings; both valid" ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
