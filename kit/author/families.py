"""Families of operators and functions that are mistaken for one another."""

import ast

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}

_PAIRS = (
    ("mean", "sum"),
    ("min", "max"),
    ("amin", "amax"),
    ("argmin", "argmax"),
    ("minimum", "maximum"),
    ("exp", "expm1"),
    ("log", "log1p"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("new_zeros", "new_ones"),
    ("sigmoid", "tanh"),
    ("sin", "cos"),
    ("any", "all"),
    ("cumsum", "cumprod"),
    ("triu", "tril"),
    ("floor", "ceil"),
    ("std", "var"),
    ("rand", "randn"),
    ("softmax", "log_softmax"),
    ("isinf", "isnan"),
    ("cat", "stack"),
    ("eq", "ne"),
    ("lt", "le"),
    ("gt", "ge"),
    ("append", "extend"),
    ("logical_and", "logical_or"),
)
_ONE_WAY = (
    ("softplus", "relu"),
    ("logsigmoid", "sigmoid"),
    ("concatenate", "stack"),
    ("prod", "sum"),
    ("nansum", "nanmean"),
    ("logaddexp", "maximum"),
)
OTHER_FUNCTION: dict[str, str] = {**dict(_PAIRS), **{second: first for first, second in _PAIRS}, **dict(_ONE_WAY)}
OTHER_BUILTIN = {"min": "max", "max": "min", "any": "all", "all": "any", "sum": "max"}

REMOVABLE = frozenset(
    {
        "sqrt",
        "square",
        "abs",
        "neg",
        "exp",
        "log",
        "log1p",
        "expm1",
        "reciprocal",
        "sigmoid",
        "tanh",
        "softmax",
        "relu",
        "round",
        "floor",
        "ceil",
    }
    | {
        "clamp",
        "clip",
        "clamp_min",
        "clamp_max",
        "masked_fill",
        "nan_to_num",
        "tril",
        "triu",
        "roll",
        "flip",
        "transpose",
        "permute",
        "t",
        "swapaxes",
    }
    | {"clone", "copy", "deepcopy", "detach", "float", "double", "long", "to", "astype", "squeeze"}
)
REMOVABLE_BUILTINS = frozenset({"abs", "float", "int", "list", "sorted", "reversed", "round", "tuple", "set"})
IN_PLACE = frozenset(
    {"exp", "log", "sqrt", "square", "abs", "neg", "add", "sub", "mul", "div", "pow", "clamp", "relu", "sigmoid", "tanh"}
    | {"masked_fill", "scatter", "scatter_add", "index_add", "index_copy"}
)
SYMMETRIC = frozenset({"max", "min", "maximum", "minimum", "zip", "logaddexp", "isinstance", "issubclass", "getattr", "hasattr", "setattr"})
AXES = frozenset({"dim", "axis", "dims", "axes", "dim0", "dim1"})
OPTION = {"none": "mean", "mean": "sum", "sum": "mean", "ij": "xy", "xy": "ij", "trunc": "floor", "floor": "trunc"}
