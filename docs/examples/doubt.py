from gradproof import AmbiguityError, read_latex

for text in (
    r"k (u - v) + \sum_{i=1}^{N} (a_i x + c_i)",
    r"k \cdot (u - v) + \sum_{i=1}^{N} a_i x + c_i",
    r"k \cdot (u - v) + \sum_{i=1}^{N} (a_i x + c_i)",
):
    try:
        print(read_latex(text))
    except AmbiguityError as error:
        print(error, end="\n\n")
