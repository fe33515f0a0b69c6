#!/usr/bin/env python3
"""Writes cdnow.csv from the published CDNOW 1/10 sample.

    python3 convert_cdnow.py CDNOW_sample.txt > cdnow.csv

The sample is a text file without a header: master id, id, yyyymmdd, number of CDs, dollars.
"""

import sys

with open(sys.argv[1], encoding="ascii") as sample:
    print("customer_id,date,cds,amount")
    for line in sample:
        _master, customer, day, cds, dollars = line.split()
        print(f"{customer},{day[:4]}-{day[4:6]}-{day[6:]},{cds},{dollars}")
