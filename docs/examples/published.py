from gradproof import CLAIMS

claim = CLAIMS["symmetry.general"]
print(claim.kind)
print(claim.verify())
