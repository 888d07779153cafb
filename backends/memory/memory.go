package memory

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/backends"
)

// Backend is a mail account store in memory. It is safe for concurrent use.
type Backend struct {
	mu         sync.Mutex
	domains    map[string]account.Domain
	accounts   map[string]account.Account
	routes     map[account.Route]bool // and whether they are active
	policies   map[string]string      // of aliases, by address
	refused    map[string]error
	references [][3]string // kind, owner and other
	deleted    []DeletedMailbox
	writes     int
	made       int            // how often accounts were made so far
	homes      backends.Homes // of mailboxes, while an Apply creates some
}

var _ backends.Backend = (*Backend)(nil)

// New makes an empty store.
func New() *Backend {
	return &Backend{
		domains:  make(map[string]account.Domain),
		accounts: make(map[string]account.Account),
		routes:   make(map[account.Route]bool),
		policies: make(map[string]string),
		refused:  make(map[string]error),
	}
}

// AddDomain hosts a domain; its counts are made up from the accounts.
func (b *Backend) AddDomain(d account.Domain) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.domains[d.Name] = d
}

// AddAccount makes an account as somebody else would; a mailbox gets the route to itself. An account without Made gets one
// that no other has.
func (b *Backend) AddAccount(a account.Account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.Made == "" && a.Kind != account.Reserved {
		b.made++
		a.Made = b.now()
	}
	b.accounts[a.Address] = a
	if a.Kind == account.Mailbox {
		b.routes[account.Route{Address: a.Address, Forwarding: a.Address}] = a.Active
	}
}

// now is when accounts are made. All of one Apply share it, as in stores that count seconds.
func (b *Backend) now() string {
	return "made " + strconv.Itoa(b.made)
}

// AddAlias makes an alias with members as somebody else would.
func (b *Backend) AddAlias(address string, members ...string) {
	b.AddAccount(account.Account{Address: address, Kind: account.Alias, Active: true})
	for _, m := range members {
		b.AddRoute(account.Route{Address: address, Forwarding: m}, true)
	}
}

// AddRoute makes a forwarding row as somebody else would.
func (b *Backend) AddRoute(r account.Route, active bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.routes[r] = active
}

// Route reports whether a forwarding row exists and is active.
func (b *Backend) Route(r account.Route) (active, exists bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	active, exists = b.routes[r]
	return active, exists
}

// Routes are all forwarding rows that are active.
func (b *Backend) Routes() []account.Route {
	b.mu.Lock()
	defer b.mu.Unlock()
	var active []account.Route
	for r, is := range b.routes {
		if is {
			active = append(active, r)
		}
	}
	slices.SortFunc(active, func(x, y account.Route) int {
		return strings.Compare(x.Address+" "+x.Forwarding, y.Address+" "+y.Forwarding)
	})
	return active
}

// Remove deletes an account as somebody else would.
func (b *Backend) Remove(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.accounts, address)
	delete(b.routes, account.Route{Address: address, Forwarding: address})
}

// Refuse has every operation on the account fail with err; nil lifts it.
func (b *Backend) Refuse(address string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused[address] = err
}

// Writes counts the operations that had an effect.
func (b *Backend) Writes() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.writes
}

// Fields has no place for a title, as iRedMail's SQL tables have none.
func (b *Backend) Fields() account.Fields {
	return account.FieldSet(account.Name, account.FirstName, account.LastName, account.EmployeeID, account.Mobile,
		account.Telephone)
}

// Canonical trims and shortens as a column of 255 characters would.
func (b *Backend) Canonical(_ string, p account.Profile) account.Profile {
	for i := range p {
		p[i] = backends.CleanText(p[i], 255)
	}
	return p
}

// Domains lists the hosted domains whose name contains part.
func (b *Backend) Domains(ctx context.Context, part string, limit int) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(b.domains)) {
		if strings.Contains(name, strings.ToLower(part)) && !b.domains[name].BackupMX && len(names) < limit {
			names = append(names, name)
		}
	}
	return names, ctx.Err()
}

// Domain reads a hosted domain.
func (b *Backend) Domain(ctx context.Context, name string) (account.Domain, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d, exists := b.domains[name]
	if !exists {
		return d, fmt.Errorf("domain %s: %w", name, backends.ErrNotFound)
	}
	d.Mailboxes, d.Aliases, d.QuotaUsed = 0, 0, 0
	for _, a := range b.accounts {
		switch {
		case !d.HasLimits(), account.DomainOf(a.Address) != name:
		case a.Kind == account.Mailbox:
			d.Mailboxes++
			d.QuotaUsed += d.Quota // every mailbox has the default here
		case a.Kind == account.Alias:
			d.Aliases++
		}
	}
	return d, ctx.Err()
}

// Accounts streams a copy, so that the caller may use the store meanwhile.
func (b *Backend) Accounts(
	ctx context.Context, domain string, q backends.Query,
) iter.Seq2[account.Account, error] {
	return func(yield func(account.Account, error) bool) {
		for _, a := range b.selected(domain, q) {
			if err := ctx.Err(); err != nil {
				yield(account.Account{}, err)
				return
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

// hasMember reports whether one of the addresses is a member of an alias.
func (b *Backend) hasMember(alias string, addresses []string) bool {
	return slices.ContainsFunc(addresses, func(address string) bool {
		_, is := b.routes[account.Route{Address: alias, Forwarding: address}]
		return is
	})
}

func (b *Backend) selected(domain string, q backends.Query) []account.Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	if q.Homes != nil {
		return b.housed(q.Homes)
	}
	var found []account.Account
	for _, address := range slices.Sorted(maps.Keys(b.accounts)) {
		a := b.accounts[address]
		if account.DomainOf(address) != domain || q.Addresses != nil && !slices.Contains(q.Addresses, address) {
			continue
		}
		if q.Having != nil && (a.Kind != account.Alias || !b.hasMember(address, q.Having)) {
			continue
		}
		if q.Members && a.Kind == account.Alias {
			for _, t := range b.references {
				if t[0] == "moderator" && t[1] == address {
					a.Moderators = append(a.Moderators, t[2])
				}
			}
			for r, active := range b.routes {
				switch {
				case r.Address != address:
				case active:
					a.Members = append(a.Members, r.Forwarding)
				default:
					a.Idle = append(a.Idle, r.Forwarding)
				}
			}
			slices.Sort(a.Members)
			slices.Sort(a.Idle)
		}
		found = append(found, a)
	}
	return found
}

// housed are the mailboxes, those that were deleted included, that have one of the mail directories.
func (b *Backend) housed(homes []string) (found []account.Account) {
	wanted := make(map[string]bool, len(homes))
	for _, home := range homes {
		wanted[account.NormalHome(home)] = true
	}
	for _, a := range b.accounts {
		if a.Kind == account.Mailbox && wanted[account.NormalHome(a.Home)] {
			found = append(found, account.Account{Address: a.Address, Kind: a.Kind, Home: a.Home})
		}
	}
	for _, g := range b.deleted {
		if wanted[account.NormalHome(g.Home)] {
			found = append(found, account.Account{Address: g.Address, Kind: account.Reserved, Home: g.Home})
		}
	}
	return found
}

// SetPolicy changes the access policy of an alias.
func (b *Backend) SetPolicy(address, policy string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.policies[address] = policy
}

// Policy is the access policy of an alias.
func (b *Backend) Policy(address string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.policies[address]
}
