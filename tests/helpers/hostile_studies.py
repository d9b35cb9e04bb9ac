"""Study files that are broken, huge or hostile."""

STUDY = """\
name: demo
providers:
  - {name: ada, source: {sklearn: iris}, capacity: 50, price: 2}
  - {name: bob, source: {sklearn: iris}}
validation: {sklearn: iris}
learner: {name: sklearn.naive_bayes.GaussianNB}
probes: {scales: [10, 40], seeds: 2}
selection: {size: 60}
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def edited(old: str, new: str) -> str:
    assert old in STUDY
    return STUDY.replace(old, new)


HOSTILE_STUDIES: dict[str, str | bytes] = {
    "alias bomb": BOMB,
    "alias bomb in a field": STUDY + "projection_sizes: *i\n" + BOMB,
    "merge bomb": "a: &a {k: v}\n" + "b: &b {<<: [" + ", ".join(["*a"] * 600_000) + "]}\n",
    "list within itself": "name: &a [*a]\n",
    "mapping within itself": "&a {name: *a}\n",
    "unknown alias": "name: *nothing\n",
    "nested lists": "[" * 100_000,
    "nested mappings": "{a: " * 5_000,
    "nested by indentation": "\n".join(" " * i + "a:" for i in range(2_000)),
    "bad date": edited("name: demo", "name: !!timestamp 2024-13-45"),
    "month 99 as a size": edited("size: 60", "size: 2024-99-99"),
    "5,000 digits": edited("size: 60", "size: " + "9" * 5_000),
    "5,000 digits in a list": edited("[10, 40]", f"[10, {'9' * 5_000}]"),
    "5,000 digits as seeds": edited("seeds: 2", "seeds: " + "1" * 5_000),
    "hexadecimal of 9,000 digits": edited("size: 60", "size: 0x" + "F" * 9_000),
    "2^63 as a size": edited("size: 60", f"size: {2**63}"),
    "2^63 as a capacity": edited("capacity: 50", f"capacity: {2**63}"),
    "2^64 as a price": edited("price: 2", f"price: {2**64}"),
    "-2^70 as a seed": edited("seeds: 2", f"seeds: [{-(2**70)}]"),
    "10^12 seeds": edited("seeds: 2", "seeds: 1000000000000"),
    "10^16 samples": edited("size: 60", "size: 10000000000000000"),
    "a scale of 10^16": edited("[10, 40]", "[10, 10000000000000000]"),
    "10^9 mixtures": edited("seeds: 2", "design: sobol, n_mixtures: 1000000000"),
    "10^9 levels": edited("seeds: 2", "lattice: 1000000000"),
    "10^9 restarts": edited("size: 60", "size: 60, restarts: 1000000000"),
    "a price of 1e300": edited("price: 2", "price: 1e300"),
    "a price that is infinite": edited("price: 2", "price: .inf"),
    "a price that is no number": edited("price: 2", "price: .nan"),
    "an exponent of 400": edited("price: 2", "price: 1.0e+400"),
    "a budget of 1e300": edited("size: 60", "size: 60, budget: 1.0e+300"),
    "a key twice": STUDY + "name: again\n",
    "a key twice inside": edited("size: 60", "size: 60, size: 70"),
    "a provider's key twice": edited("price: 2", "price: 2, price: 0"),
    "a name that is a path": edited("name: demo", "name: ../../../x"),
    "a name that is absolute": edited("name: demo", "name: /tmp/x"),
    "a name of dots": edited("name: demo", "name: '..'"),
    "a name with a line break": edited("name: demo", 'name: "a\\nb"'),
    "a name of 5,000 letters": edited("name: demo", f"name: {'x' * 5_000}"),
    "a provider of control characters": edited("name: ada", 'name: "\\e[31mada"'),
    "a provider that reorders text": edited("name: ada", 'name: "\\u202Egnp.ada"'),
    "a provider of an invisible letter": edited("name: ada", 'name: "a\\u200Bda"'),
    "a provider's line separator": edited("name: ada", 'name: "a\\u2028da"'),
    "a provider of a C1 control": edited("name: ada", 'name: "a\\x9B31m"'),
    "a mark of byte order inside a name": edited("name: ada", "name: a\ufeffda"),
    "a name in right-to-left order": edited("name: demo", "name: \u202eomed"),
    "a provider of 5,000 letters": edited("name: ada", f"name: {'x' * 5_000}"),
    "a set that is a path": edited("validation:", "validations: {../x: {sklearn: iris}}\nmetric:"),
    "no mapping": "- a\n- b\n",
    "a number": "42\n",
    "nothing": "",
    "comments": "# nothing\n",
    "two documents": "name: a\n---\nname: b\n",
    "a key that is a list": "? [a, b]\n: c\n",
    "a key that is a number": "1: 2\n",
    "a key that is nothing": "~: 2\n",
    "a Python object": "name: !!python/object/apply:os.system ['true']\n",
    "an unknown tag": "name: !secret x\n",
    "broken binary": "name: !!binary '%%%'\n",
    "a float that is text": "name: !!float abc\n",
    "tabs": "name:\n\t- a\n",
    "an open quote": 'name: "abc\n',
    "NUL": b"name: a\x00b\n",
    "Latin-1": "name: Käse\n".encode("latin-1"),
    "UTF-16": "name: demo\n".encode("utf-16"),
    "Parquet": b"PAR1\x00\x01\x02",
    "a lone surrogate": b"name: \xed\xa0\x80\n",
}
