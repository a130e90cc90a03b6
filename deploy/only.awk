# A hash-pinned lock in, the same without some packages out: awk -v without="one two" -f only.awk requirements.txt
BEGIN { split(without, names, " "); for (i in names) left_out[names[i]] }
/^[A-Za-z0-9]/ { split($0, words, /[=\[ ;]/); wanted = !(words[1] in left_out) }
wanted || /^#/
