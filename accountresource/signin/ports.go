package signin

import (
	"context"
	"errors"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Key names a person: the object of a resource. It stays the same when the person's address or DN changes (rule R1).
type Key struct {
	Resource int64
	Source   account.SourceID
}

// Account is a mailbox whose person signs in with the directory password.
type Account struct {
	Key
	// Address is the canonical address of the mailbox; the address that was asked for may be an alias of it.
	Address string
	// Active reports whether both the mailbox and its domain are switched on here.
	Active bool
	// Unsettled reports whether a run is changing the account, so that it is not certain yet whose it is: nobody gets in.
	Unsettled bool
	// Grace is for how long after the directory's last yes a person gets in while no server answers; 0: not at all. At most
	// MaxGrace counts.
	Grace time.Duration
}

// Links finds the mailbox of an address: linked, of a resource with sign-in. A link that is missing is false, an
// error means that it could not be asked.
type Links interface {
	Find(ctx context.Context, address string) (Account, bool, error)
}

// ErrNotSent says that no byte of the password left for the server, so that the server cannot have counted it.
var ErrNotSent = errors.New("the password was not sent")

// Answer is what a server said to a bind.
type Answer struct {
	// Code is the LDAP result code (RFC 4511, appendix A).
	Code uint16
	// Data is the sub-code in Active Directory's text about invalid credentials, in lower case and without zeros in front,
	// such as "52e" (a Windows error in hexadecimal, MS-ERREF 2.2); empty where there is none.
	Data string
	// Stamp changes whenever the person's password does (pwdLastSet); empty where it is not known.
	Stamp string
}

// Policy is when a domain locks an account (lockoutThreshold and lockOutObservationWindow of MS-ADA1, or what
// msDS-ResultantPSO says for the person).
type Policy struct {
	Threshold int // wrong passwords; 0: it never locks
	Window    time.Duration
}

// Directory asks the servers of a resource. Each method returns once its context ends. An error means that there was no
// answer; one with ErrNotSent that the password was not sent either.
type Directory interface {
	// Servers returns the names of the resource's servers, the preferred one first.
	Servers(ctx context.Context, resource int64) ([]string, error)
	// Ping reports whether the server answers at all. It sends no password of a person.
	Ping(ctx context.Context, resource int64, server string) error
	// Bind binds as the person. It is called with a password that is not empty.
	Bind(ctx context.Context, who Key, server, password string) (Answer, error)
	// Policy returns when the domain locks the person, or anybody where Source is empty; false if the server answers and does not say so.
	Policy(ctx context.Context, who Key, server string) (Policy, bool, error)
}

// Verifier proves, while no server answers, that a password is the one to which the directory said yes. It is not the
// password, nor can that be found from it without the key.
type Verifier struct {
	Salt, Digest []byte
	// Since is when the password was first seen, Checked when the directory last said yes to it.
	Since, Checked time.Time
	// Stamp is Answer.Stamp when the password was first seen.
	Stamp string
	// Stale says that the directory still takes the password but has a newer one. It lets nobody in.
	Stale bool
}

// Verifiers keeps one verifier a person. A run deletes it in the batch that disables, removes or unlinks the account.
type Verifiers interface {
	Load(ctx context.Context, who Key) (Verifier, bool, error)
	Save(ctx context.Context, who Key, v Verifier) error
	Delete(ctx context.Context, who Key) error
}

// Attempts keeps what each person's wrong passwords have used up, for all processes together. Load returns the zero Tries
// for somebody without. Swap writes next if Version is still that of Tries which was loaded, and returns false if not; the
// version that it writes is next.Version.
type Attempts interface {
	Load(ctx context.Context, who Key) (Tries, error)
	Swap(ctx context.Context, who Key, loaded int64, next Tries) (bool, error)
}
