import pytest

from kit.screen.maths import readable, with_readable_maths


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"\mathcal N(\mu, \sigma^2)", "N(μ, σ²)"),
        (r"\tfrac12(\sigma^2 + \mu^2)", "½ (σ² + μ²)"),
        (r"\frac{1}{n}\sum_i x_i^2", "1/n ∑ᵢ xᵢ²"),
        (r"\frac{QK^\top}{\sqrt{d_k}}", "QKᵀ/(√dₖ)"),
        (r"\log p(x) \ge \mathbb E_{q}[\log p(x \mid z)]", "log p(x) ≥ 𝔼_q[log p(x ∣ z)]"),
        (r"\mathrm{KL}\big(q\,\|\,p\big)", "KL(q ‖ p)"),
        (r"\hat{y}", "ŷ"),
        (r"x_{t-1}", "xₜ₋₁"),
        (r"e^{-x/2}", "e^(-x/2)"),
        (r"\unknown{a}", "unknowna"),
        (r"\frac{a", "a/()"),
        ("}{^_", "^(_())"),
    ],
)
def test_formulas(formula, text):
    import unicodedata

    assert unicodedata.normalize("NFC", readable(formula)) == unicodedata.normalize("NFC", text)


def test_code_and_prices_stay():
    markdown = "`$HOME` costs $5 and $6.\n\n    $x$ = 1\n\n```\n$y$\n```\nbut $\\alpha$ does not\n"
    assert with_readable_maths(markdown) == markdown.replace("$\\alpha$", "`α`")


def test_a_block_stands_alone():
    assert with_readable_maths("so\n\n$$a \\le b$$\n") == "so\n\n\n\n    a ≤ b\n\n\n"
