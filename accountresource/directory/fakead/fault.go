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
	// Search is which search it happens at, counted from Break on and from 1; 0 is every search.
	Search int
	// Delay comes before anything else.
	Delay time.Duration
	// Work is how long the server looks for the page's entries. Beyond the client's time limit it gives what After says, and that
	// the limit was exceeded.
	Work time.Duration
	// After is how many entries of the page are given before it ends with Code and Text, or with a connection that
	// is cut. A code of 0 without a cut is no end.
	After int
	Code  uint16
	Text  string
	Cut   bool
	// Hollow leaves out the entries of the page, and goes on behind them as if they had been given.
	Hollow bool
	// Paging is what becomes of the way to the next page.
	Paging Paging
}

// Paging is a fault of the paging control.
type Paging string

// The faults of the paging control.
const (
	Lost    Paging = "lost"    // there is no next page: the listing looks whole
	Circle  Paging = "circle"  // the next page is this one again
	Skipped Paging = "skipped" // the next page is the one behind the next
	Garbled Paging = "garbled" // the cookie is none of the server's, who refuses it
	Bare    Paging = "bare"    // the control is missing
)

func (f Fault) ends() bool { return f.Cut || f.Code != 0 }

// failure is the answer that a page ends with.
func (f Fault) failure() *ldap.Error {
	err := failure(f.Code, f.Text)
	err.MatchedDN = "ldap://elsewhere.example/" // where a referral leads
	return err
}

// faults is the fault that is set.
type faults struct {
	mu       sync.Mutex
	fault    *Fault
	searches int // since it was set
}

// Break has listings go wrong from now on, until Mend.
func (s *Server) Break(f Fault) { s.faults.set(&f) }

// Mend ends what Break began.
func (s *Server) Mend() { s.faults.set(nil) }

// Searches is how many searches for more than one entry there were since Break or Mend, page by page.
func (s *Server) Searches() int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return s.faults.searches
}

func (f *faults) set(fault *Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.searches = fault, 0
}

// of is the fault for a page that is asked for.
func (f *faults) of(q query) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if q.scope == ldap.ScopeBaseObject {
		return Fault{}, false
	}
	f.searches++
	if f.fault == nil || f.fault.Page != 0 && f.fault.Page != q.page || f.fault.Search != 0 && f.fault.Search != f.searches {
		return Fault{}, false
	}
	return *f.fault, true
}
