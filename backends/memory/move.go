package memory

import (
	"fmt"
	"slices"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// DeletedMailbox is a deleted mailbox; Until is the date from which its directory may go, or empty.
type DeletedMailbox struct{ Address, Home, Until string }

// at reports whether the account of the operation, known by its mail directory, has the address.
func (b *Backend) at(op *account.Operation, address string) bool {
	a, exists := b.accounts[address]
	return exists && a.Kind == op.Kind && (a.Kind == account.Alias || a.Home == op.Home)
}

// rename gives those of the operations that moving names their new addresses, all at once. One that finds its address
// taken stays, and with it whoever wanted its place.
func (b *Backend) rename(operations []account.Operation, moving []int, results []error) {
	moving = slices.DeleteFunc(moving, func(i int) bool { return operations[i].Address == operations[i].NewAddress })
	becomes := make(map[string]string)
	for again := true; again; {
		clear(becomes)
		for _, i := range moving {
			becomes[operations[i].Address] = operations[i].NewAddress
		}
		left := slices.DeleteFunc(slices.Clone(moving), func(i int) bool {
			op := &operations[i]
			_, taken := b.accounts[op.NewAddress]
			if _, leaves := becomes[op.NewAddress]; !taken || leaves {
				return false
			}
			results[i] = fmt.Errorf("%s %s: %w", op.Verb, op.Address, backends.ErrExists)
			return true
		})
		again, moving = len(left) < len(moving), left
	}
	if len(becomes) == 0 {
		return
	}
	b.writes++
	follow := func(address string) string {
		if next, moves := becomes[address]; moves {
			return next
		}
		return address
	}
	accounts := make(map[string]account.Account, len(b.accounts))
	for address, a := range b.accounts {
		a.Address = follow(address)
		accounts[a.Address] = a
	}
	b.accounts = accounts
	policies := make(map[string]string, len(b.policies))
	for address, p := range b.policies {
		policies[follow(address)] = p
	}
	b.policies = policies
	routes := make(map[account.Route]bool, len(b.routes))
	for r, active := range b.routes {
		next := account.Route{Address: follow(r.Address), Forwarding: follow(r.Forwarding)}
		if _, both := routes[next]; !both || next != r { // what was renamed wins over what only named the address
			routes[next] = active
		}
	}
	b.routes = routes
	var references [][3]string
	for _, t := range b.references {
		if next := [3]string{t[0], follow(t[1]), follow(t[2])}; !slices.Contains(references, next) {
			references = append(references, next)
		}
	}
	b.references = references
}

func (b *Backend) remove(op *account.Operation) {
	a, exists := b.accounts[op.Address]
	if !exists || a.Kind != op.Kind || op.Home != "" && a.Home != op.Home {
		return
	}
	b.writes++
	delete(b.policies, op.Address)
	mailbox := DeletedMailbox{Address: op.Address, Home: a.Home}
	if !op.KeepUntil.IsZero() {
		mailbox.Until = op.KeepUntil.Format(time.DateOnly)
	}
	if a.Kind == account.Mailbox {
		b.deleted = append(b.deleted, mailbox)
	}
	delete(b.accounts, op.Address)
	for r := range b.routes {
		if r.Address != op.Address && r.Forwarding != op.Address {
			continue
		}
		delete(b.routes, r)
		if box := b.accounts[r.Address]; box.Kind == account.Mailbox && !b.forwards(r.Address) {
			b.routes[account.Route{Address: r.Address, Forwarding: r.Address}] = box.Active
		}
	}
	b.references = slices.DeleteFunc(b.references, func(t [3]string) bool { return t[1] == op.Address || t[2] == op.Address })
}

func (b *Backend) forwards(address string) bool {
	for r := range b.routes {
		if r.Address == address {
			return true
		}
	}
	return false
}

// AddReference has something of a kind name two addresses.
func (b *Backend) AddReference(kind, owner, other string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.references = append(b.references, [3]string{kind, owner, other})
}

// References are what AddReference added, as it is called now.
func (b *Backend) References() [][3]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.references)
}

// DeletedMailboxes are the deleted mailboxes.
func (b *Backend) DeletedMailboxes() []DeletedMailbox {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.deleted)
}

// ForwardOnly has a mailbox send all its mail on and keep none.
func (b *Backend) ForwardOnly(from, to string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.routes, account.Route{Address: from, Forwarding: from})
	b.routes[account.Route{Address: from, Forwarding: to}] = true
}
