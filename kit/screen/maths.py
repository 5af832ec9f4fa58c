r"""Formulas as a terminal can show them: $\frac{1}{n}\sum_i x_i^2$ becomes (1)/(n) ∑ᵢ xᵢ²."""

import re

_NAMED = """
alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν
xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π
Sigma Σ Phi Φ Psi Ψ Omega Ω ell ℓ partial ∂ nabla ∇ infty ∞ sum ∑ prod ∏ int ∫ le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈
equiv ≡ sim ~ propto ∝ ll ≪ gg ≫ in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ emptyset ∅ forall ∀ exists ∃ land ∧ lor ∨
neg ¬ times × cdot · cdots ⋯ ldots … dots … pm ± mp ∓ odot ⊙ otimes ⊗ oplus ⊕ circ ∘ star ⋆ ast * div ÷ to → rightarrow
→ leftarrow ← mapsto ↦ Rightarrow ⇒ leftrightarrow ↔ iff ⇔ gets ← mid ∣ parallel ‖ Vert ‖ vert ∣ lVert ‖ rVert ‖ lvert ∣
rvert ∣ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ top ᵀ intercal ᵀ prime ′ colon : dagger † R ℝ
"""
_UNSPACED = ("!", *["left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "bigg", "displaystyle", "limits", "nolimits"])
_SYMBOLS = {
    **dict(zip(_NAMED.split()[::2], _NAMED.split()[1::2], strict=True)),
    **{sign: sign for sign in "{}%_&#$"},
    **dict.fromkeys(",;: ", " "),
    **dict.fromkeys(_UNSPACED, ""),
    "|": "‖",
    "\\": "  ",
    "quad": "  ",
    "qquad": "    ",
}
_ACCENTS = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "bar": "\u0304",
    "overline": "\u0304",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "dot": "\u0307",
    "vec": "\u20d7",
}
_UP = dict(zip("0123456789+-=()nijTkmtxyab*", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱʲᵀᵏᵐᵗˣʸᵃᵇ*", strict=True)) | {"ᵀ": "ᵀ", "′": "′", "⊤": "ᵀ"}
_DOWN = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_DOUBLE = {"R": "ℝ", "E": "𝔼", "N": "ℕ", "Z": "ℤ", "P": "ℙ", "C": "ℂ", "1": "𝟙"}
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_]|\s+|.", re.DOTALL)
_FORMULA = re.compile(
    r"(?P<code>(?P<tick>`+).*?(?P=tick))|\$\$(?P<block>.+?)\$\$|(?<![\\\w$])\$(?=\S)(?P<inline>[^$\n]+?)(?<=\S)\$(?![\w$])", re.DOTALL
)


def with_readable_maths(markdown: str) -> str:
    """The Markdown with each $formula$ as inline code that can be read; code stays as it is."""
    return "\n".join(_paragraph(part) for part in _blocks(markdown))


def readable(formula: str) -> str:
    """A formula in plain characters."""
    text = re.sub(r"\s+", " ", _Reader(_TOKEN.findall(formula)).text())
    return re.sub(r" (?=[)\],.;])", "", text).strip()


def _blocks(markdown: str) -> list[str]:
    """Stretches of text and of code, so that a dollar inside a code block stays a dollar."""
    parts: list[list[str]] = [[]]
    fenced = was_code = False
    for line in markdown.split("\n"):
        fence = line.lstrip().startswith(("```", "~~~"))
        code = fenced or fence or line.startswith("    ")
        if code != was_code and parts[-1]:
            parts.append([])
        parts[-1].append(line)
        fenced ^= fence
        was_code = code
    return ["\n".join(part) for part in parts]


def _paragraph(text: str) -> str:
    return text if text.startswith(("    ", "```", "~~~")) else _FORMULA.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    if match["code"]:
        return match["code"]
    text = readable(match["block"] or match["inline"]).replace("`", "'").replace("|", "∣")
    return f"\n\n    {text}\n\n" if match["block"] else f"`{text}`"


class _Reader:
    """Reads tokens of LaTeX from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def text(self, until: str | None = None) -> str:
        """Everything up to a piece."""
        parts: list[str] = []
        while self.at < len(self.tokens):
            piece = self.tokens[self.at]
            self.at += 1
            if piece == until:
                break
            parts.append(self.one(piece))
        return "".join(parts)

    def argument(self) -> str:
        """The next group or piece."""
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        if self.at >= len(self.tokens):
            return ""
        self.at += 1
        piece = self.tokens[self.at - 1]
        return self.text("}") if piece == "{" else self.one(piece)

    def one(self, piece: str) -> str:
        """The piece, with the arguments that it takes."""
        if piece == "{":
            return self.text("}")
        if piece in {"^", "_"}:
            return _script(self.argument(), _UP if piece == "^" else _DOWN, piece)
        if piece in "}&":
            return ""
        return self.command(piece[1:]) if piece.startswith("\\") else piece

    def command(self, name: str) -> str:
        """A command, with the arguments that it takes."""
        if name in _SYMBOLS:
            return _SYMBOLS[name]
        if name in {"frac", "tfrac", "dfrac"}:
            return _fraction(self.argument(), self.argument())
        if name == "sqrt":
            return f"√{_group(self.argument())}"
        if name in _ACCENTS:
            inner = self.argument()
            return inner + _ACCENTS[name] if len(inner) == 1 else inner
        if name == "mathbb":
            inner = self.argument()
            return _DOUBLE.get(inner, inner)
        if name in {"begin", "end"}:
            self.argument()
            return ""
        if name in {"mathrm", "mathbf", "boldsymbol", "mathcal", "mathit", "mathsf", "text", "textrm", "textbf", "operatorname", "bm"}:
            return self.argument()
        return name


def _script(inner: str, letters: dict[str, str], sign: str) -> str:
    """Raised or lowered where the characters exist, else behind ^ or _."""
    if inner and all(letter in letters for letter in inner):
        return "".join(letters[letter] for letter in inner)
    return f"{sign}{inner}" if len(inner) == 1 else f"{sign}({inner})" if not inner.isalnum() else f"{sign}{inner}"


def _fraction(above: str, below: str) -> str:
    """One character where there is one; a space keeps it from what follows."""
    return {"1/2": "½", "1/3": "⅓", "1/4": "¼"}.get(f"{above}/{below}", f"{_group(above)}/{_group(below)}") + " "


def _group(inner: str) -> str:
    return inner if len(inner) == 1 or inner.isalnum() else f"({inner})"
