// Package directory reads an account resource's directory over LDAP: Active Directory and Samba AD. It implements
// run.Reader; LDAP entries become account values at its edge and go no further.
//
// The directory is only ever read. No package above it imports go-ldap, and it imports no store, backend or page.
package directory
