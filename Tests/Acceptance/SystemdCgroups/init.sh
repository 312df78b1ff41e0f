#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# init.sh
#
# The first program of the virtual machine: moves the machine from the initramfs into a tmpfs, because runc cannot replace the root of an initramfs
# (pivot_root(2)), and starts systemd.
set -e
mount -t tmpfs -o size=75% tmpfs /mnt
cp --archive --one-file-system --target-directory=/mnt /[a-ln-z]* /media
mkdir /mnt/mnt
exec switch_root /mnt /lib/systemd/systemd
