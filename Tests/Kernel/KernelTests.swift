// SPDX-License-Identifier: Apache-2.0

import Testing

/// All tests that need the running kernel. They run one at a time, because some compare the node's totals.
@Suite(.serialized) enum KernelTests {}
