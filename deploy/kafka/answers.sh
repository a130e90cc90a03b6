#!/bin/bash
# Does the broker beside us serve clients? Kafka's Metadata request, version 1, for no topics: 0 when at least one broker is told, else 1.
# An open port is not enough (it is open before the broker has joined), and Kafka's own tools start a JVM for each question.
set -u
exec 3<> "/dev/tcp/127.0.0.1/${1:-9092}" || exit 1
printf '\x00\x00\x00\x0e\x00\x03\x00\x01\x00\x00\x00\x01\xff\xff\x00\x00\x00\x00' >&3
told=$(head -c 12 <&3 | tail -c 1 | od -An -tu1)
[ "${told:-0}" -gt 0 ]
