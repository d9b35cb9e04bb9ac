"""Settings are light to import."""

import sys
from subprocess import run


def test_settings_load_no_numerics() -> None:
    code = (
        "import sys; from projektor_ray.transport import TransportSettings; "
        "TransportSettings(); assert not {'torch', 'ot', 'scipy'} & set(sys.modules)"
    )
    run([sys.executable, "-c", code], check=True)
