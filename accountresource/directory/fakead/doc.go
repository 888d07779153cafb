// Package fakead is an Active Directory in this process: for the demo, for faults, and for sizes that no real server
// of a test has. It speaks LDAP over TCP and behaves as Active Directory does where a reader can tell: rootDSE,
// objectGUID, uSNChanged, pages with a hard limit, ranges of large attributes, tombstones that only administrators
// see, sub-codes of a failed bind, references at the domain root, StartTLS and LDAPS on the same port.
//
// It is a server and knows nothing of its readers: it imports no other package of this module. The protocol is spoken
// with go-ldap's BER library, as ready-made LDAP servers for Go can neither send references nor end a connection in
// the middle of an answer.
package fakead
