from gradproof import CLAIMS

for name, claim in CLAIMS.items():
    for slip in claim.slips:
        if slip.kind == "false":
            print(f"{name}: {slip.place or claim.claimed}")
