// Package memory is a mail account store in memory. It is the specification of a backend: as strict as the contract
// and without any mercy that a real store would not have, so that whole replications run in milliseconds.
//
// It imports account and backends only.
package memory
