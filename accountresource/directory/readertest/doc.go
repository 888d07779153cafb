// Package readertest is what every directory that a reader of package directory reads must make come true: a real one
// and the one that is simulated. The suite writes to the directory over LDAP and looks at the reader's answers.
package readertest
