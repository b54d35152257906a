from gradproof.sources import backprop

print(backprop.eq_5_12().verify())
