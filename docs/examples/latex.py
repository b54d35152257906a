from gradproof import Reader, check

reader = Reader()
loss = reader.loss(r"L = \frac{1}{N} \sum_{n=1}^{N} (w x_n + b - y_n)^2")
wrt, claimed = reader.claim(r"\frac{\partial L}{\partial w} = \frac{2}{N} \sum_n (w x_n + b - y_n)")
print(check(loss, wrt, claimed))
