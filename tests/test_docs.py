"""Pages that are made from the code are current."""

import make_docs


def test_operators() -> None:
    assert make_docs.PAGE.read_text(encoding="utf-8") == make_docs.page(), "run tools/make_docs.py"


def test_every_kernel_tells_what_it_takes() -> None:
    page = make_docs.page()
    for kernel in make_docs.KERNELS:
        assert f"`{kernel.name}`" in page
        assert kernel.requires <= set(make_docs.CORES), f"{kernel.name}: no core is named for it"
