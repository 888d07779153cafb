// Package directory reads an account resource's directory over LDAP: Active Directory and Samba AD. It implements
// run.Reader; LDAP entries become account values at its edge and go no further.
//
// A server is not trusted: HostPolicy says where connections may go, every answer has its limits, and a server's texts
// are masked and shortened before they reach an error or the log.
//
// The directory is only ever read. Certificates are always verified. What an admin can mend is a resource.Problem at
// its form field, and no text ever holds the bind password.
//
// Of an account's state only the mapped status attribute counts. accountExpires is not looked at: when that moment
// passes nothing changes in the directory, no counter rises, and a replication would notice at its next full run or
// never.
//
// It imports account, resource and run; no store, backend or page. No package above it imports go-ldap.
package directory
