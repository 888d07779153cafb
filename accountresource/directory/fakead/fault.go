package fakead

import (
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Fault is something that goes wrong with the answers to searches for more than one entry.
type Fault struct {
	// Page is the page of a listing it happens at, from 1; 0 is every page.
	Page int
	// Delay comes before anything else.
	Delay time.Duration
	// After is how many entries of the page are given before it ends with Code and Text, or with a connection that
	// is cut. A code of 0 without a cut is no end.
	After int
	Code  uint16
	Text  string
	Cut   bool
}

func (f Fault) ends() bool { return f.Cut || f.Code != 0 }

// faults is the fault that is set.
type faults struct {
	mu    sync.Mutex
	fault *Fault
}

// Break has listings go wrong from now on, until Mend.
func (s *Server) Break(f Fault) { s.faults.set(&f) }

// Mend ends what Break began.
func (s *Server) Mend() { s.faults.set(nil) }

func (f *faults) set(fault *Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// of is the fault for a page that is asked for.
func (f *faults) of(q query) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault == nil || q.scope == ldap.ScopeBaseObject || f.fault.Page != 0 && f.fault.Page != q.page {
		return Fault{}, false
	}
	return *f.fault, true
}
