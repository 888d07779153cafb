package signin

// Option says more of a sign-in.
type Option func(*Request)

// FromClient names the address of the mail client or browser, so that one that guesses passwords of many people is stopped.
func FromClient(address string) Option { return func(r *Request) { r.Client = address } }

// Through says who asks.
func Through(d Door) Option { return func(r *Request) { r.Door = d } }

// NewRequest returns a request of the panel's, unless an option says otherwise.
func NewRequest(address, password string, options ...Option) Request {
	r := Request{Address: address, Password: password, Door: Panel}
	for _, option := range options {
		option(&r)
	}
	return r
}
