// Package backendtest is the conformance suite that every mail account store passes, and the faulty wrapper with
// which replications are tested. A case is added here first when a backend turns out to be wrong.
package backendtest
