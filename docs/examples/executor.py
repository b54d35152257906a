from concurrent.futures import ThreadPoolExecutor

from gradproof.collection import records

with ThreadPoolExecutor(2) as executor:
    for record in records(["backprop.5.12", "symmetry.general", "sigmoid"], executor=executor):
        print(record["id"], record["verdict"]["status"])
