// SPDX-License-Identifier: Apache-2.0

import Testing

/// Everything that needs the running kernel. One test at a time: some compare the whole node's totals.
@Suite(.serialized) enum KernelTests {}
