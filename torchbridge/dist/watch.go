package dist

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Watch finds out which rank is gone, hangs or has failed. Every rank keeps a TCP connection to rank 0 and says each second
// how far it is. The system closes the connection of a process that dies, so rank 0 knows at once and tells all others;
// they know of rank 0's own end in the same way. A process that is stopped or whose machine is gone falls silent, and is
// given up after the timeout.
//
// The group's own calls are no substitute: the rank that waits for a dead one often is not its neighbour, what it hears is
// an address, and a call on a CUDA device does not return at all.
type Watch struct {
	rank, size int
	timeout    time.Duration
	progress   func() uint64

	listener net.Listener // Of rank 0.
	lost     chan struct{}
	quit     chan struct{}
	wg       sync.WaitGroup

	mu     sync.Mutex
	conns  map[int]net.Conn // By the rank at the other end.
	gone   map[int]bool     // Ranks that have said that they end.
	err    *Error           // The first rank that was lost.
	closed bool
	behind map[int]uint64 // How far the others are, on rank 0.
}

// beat is how often a rank says that it is there.
const beat = time.Second

// Messages are lines: a word and its argument.
const (
	saysHello  = "hello"  // token and rank.
	saysBeat   = "beat"   // How far the rank is.
	saysBye    = "bye"    // It ends as it should.
	saysFailed = "failed" // It ends with an error: rank and message, in JSON.
)

// invitation is where rank 0 can be reached.
type invitation struct {
	Addresses []string
	Token     string
}

// NewWatch begins to watch the ranks of a group that meet in a store; all ranks call it. progress counts what a rank has done,
// and may be called at any time.
func NewWatch(store *Store, rank, size int, timeout time.Duration, progress func() uint64) (*Watch, error) {
	w := &Watch{
		rank: rank, size: size, timeout: timeout, progress: progress, lost: make(chan struct{}), quit: make(chan struct{}),
		conns: map[int]net.Conn{}, gone: map[int]bool{}, behind: map[int]uint64{},
	}
	number, err := store.Add("watches/"+strconv.Itoa(rank), 1)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("watch/%d", number)
	if rank == 0 {
		err = w.invite(store, key)
	} else {
		err = w.attend(store, key)
	}
	if err != nil {
		return nil, err
	}
	return w, nil
}

// invite lets all other ranks connect to this one, which is rank 0.
func (w *Watch) invite(store *Store, key string) error {
	failed := func(err error) error {
		return &Error{Op: "watch the other ranks", Kind: Connection, Rank: -1, Msg: err.Error()}
	}
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		return failed(err)
	}
	w.listener = listener
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	inv := invitation{Token: rand.Text()}
	for _, host := range append([]string{store.localAddress(), store.host}, ownAddresses()...) {
		if a := net.JoinHostPort(host, port); !slices.Contains(inv.Addresses, a) {
			inv.Addresses = append(inv.Addresses, a)
		}
	}
	text, err := json.Marshal(inv)
	if err != nil {
		return failed(err)
	}
	if err := store.Set(key, text); err != nil {
		return err
	}
	end := time.Now().Add(w.timeout)
	listener.(*net.TCPListener).SetDeadline(end)
	for len(w.conns) < w.size-1 {
		conn, err := listener.Accept()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return &Error{Op: "watch the other ranks", Kind: Timeout, Rank: w.firstMissing(),
				Msg: fmt.Sprintf("rank %d of %d did not come within %v", w.firstMissing(), w.size, w.timeout)}
		}
		if err != nil {
			return failed(err)
		}
		lines := bufio.NewReader(conn)
		rank, ok := welcome(conn, lines, inv.Token)
		if !ok || rank < 1 || rank >= w.size || w.conns[rank] != nil {
			conn.Close()
			continue
		}
		w.keep(rank, conn, lines)
	}
	return nil
}

// welcome reads the first line of a rank that connects.
func welcome(conn net.Conn, lines *bufio.Reader, token string) (rank int, ok bool) {
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	line, err := lines.ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) != 3 || words[0] != saysHello || words[1] != token {
		return 0, false
	}
	rank, err = strconv.Atoi(words[2])
	if err != nil {
		return 0, false
	}
	_, err = fmt.Fprintf(conn, "%s %s\n", saysHello, token)
	return rank, err == nil
}

func (w *Watch) firstMissing() int {
	for r := 1; r < w.size; r++ {
		if w.conns[r] == nil {
			return r
		}
	}
	return 0
}

// attend connects to rank 0.
func (w *Watch) attend(store *Store, key string) error {
	text, err := store.Get(key)
	if err != nil {
		return err
	}
	var inv invitation
	if err := json.Unmarshal(text, &inv); err != nil {
		return &Error{Op: "watch the other ranks", Rank: 0, Msg: "rank 0 says where it is in another language: " + err.Error()}
	}
	var last error
	for _, address := range inv.Addresses {
		conn, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			last = err
			continue
		}
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		lines := bufio.NewReader(conn)
		_, err = fmt.Fprintf(conn, "%s %s %d\n", saysHello, inv.Token, w.rank)
		line := ""
		if err == nil {
			line, err = lines.ReadString('\n')
		}
		if err == nil && line == fmt.Sprintf("%s %s\n", saysHello, inv.Token) {
			w.keep(0, conn, lines)
			return nil
		}
		conn.Close()
		last = fmt.Errorf("%s is not rank 0", address)
	}
	return &Error{Op: "watch the other ranks", Kind: Connection, Rank: 0,
		Msg: fmt.Sprintf("rank 0 cannot be reached at any of %s: %v", strings.Join(inv.Addresses, ", "), last)}
}

// ownAddresses lists the addresses of this machine that other machines may know, then those that only it knows.
func ownAddresses() []string {
	var others, own []string
	all, _ := net.InterfaceAddrs() // Without them the addresses that lead to the store must do.
	for _, a := range all {
		ip, ok := a.(*net.IPNet)
		switch {
		case !ok || ip.IP.IsLinkLocalUnicast():
		case ip.IP.IsLoopback():
			own = append(own, ip.IP.String())
		default:
			others = append(others, ip.IP.String())
		}
	}
	return append(others, own...)
}

// keep begins to listen to a rank and to tell it that this one is there.
func (w *Watch) keep(rank int, conn net.Conn, lines *bufio.Reader) {
	conn.SetDeadline(time.Time{})
	if c, ok := conn.(*net.TCPConn); ok {
		// Ends the connection to a machine that is gone, which closes none.
		c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 2 * time.Second, Interval: time.Second, Count: 3})
	}
	w.mu.Lock()
	w.conns[rank] = conn
	w.mu.Unlock()
	w.wg.Add(2)
	go w.listen(rank, conn, lines)
	go w.tell(conn)
}

// tell sends beats.
func (w *Watch) tell(conn net.Conn) {
	defer w.wg.Done()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.send(conn, saysBeat, strconv.FormatUint(w.progress(), 10))
		case <-w.quit:
			return
		}
	}
}

// send writes a line; whoever listens at the other end notices where that is not possible, and so does listen here.
func (w *Watch) send(conn net.Conn, word, argument string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	conn.SetWriteDeadline(time.Now().Add(beat))
	fmt.Fprintf(conn, "%s %s\n", word, argument)
}

// report is what a rank says about one that has failed, itself or another.
type report struct {
	Rank int
	Msg  string
}

// listen reads what a rank says until it ends.
func (w *Watch) listen(rank int, conn net.Conn, lines *bufio.Reader) {
	defer w.wg.Done()
	for {
		conn.SetReadDeadline(time.Now().Add(w.timeout))
		line, err := lines.ReadString('\n')
		if err != nil {
			w.silent(rank, err)
			return
		}
		word, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case saysBeat:
			n, _ := strconv.ParseUint(argument, 10, 64)
			w.mu.Lock()
			w.behind[rank] = n
			w.mu.Unlock()
		case saysBye:
			w.mu.Lock()
			w.gone[rank] = true
			w.mu.Unlock()
		case saysFailed:
			r := report{Rank: rank}
			if err := json.Unmarshal([]byte(argument), &r); err != nil {
				r.Msg = "it says so, and not why"
			}
			w.lose(&Error{Op: "train together", Kind: Connection, Rank: r.Rank, Msg: r.Msg})
		}
	}
}

// silent takes note that a connection ended or says nothing more.
func (w *Watch) silent(rank int, err error) {
	w.mu.Lock()
	bye := w.gone[rank] || w.closed
	w.mu.Unlock()
	switch {
	case bye:
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.lose(&Error{Op: "train together", Kind: Timeout, Rank: rank, Msg: fmt.Sprintf("rank %d has said nothing for %v: it hangs, or its machine is gone", rank, w.timeout)})
	default:
		how := "its connection ended"
		if err != io.EOF {
			how = err.Error()
		}
		w.lose(&Error{Op: "train together", Kind: Connection, Rank: rank, Msg: fmt.Sprintf("rank %d is gone (%s)", rank, how)})
	}
}

// lose notes the first rank that is lost, and as rank 0 tells all others of it.
func (w *Watch) lose(e *Error) {
	w.mu.Lock()
	first := w.err == nil && !w.closed
	if first {
		w.err = e
	}
	w.mu.Unlock()
	if !first {
		return
	}
	if w.rank == 0 {
		w.all(saysFailed, message(e.Rank, e.Msg))
	}
	close(w.lost)
}

func message(rank int, text string) string {
	out, err := json.Marshal(report{rank, text})
	if err != nil {
		panic("dist: a number and a text cannot be written: " + err.Error())
	}
	return string(out)
}

// all sends a line to everyone who is connected here.
func (w *Watch) all(word, argument string) {
	w.mu.Lock()
	conns := make([]net.Conn, 0, len(w.conns))
	for _, c := range w.conns {
		conns = append(conns, c)
	}
	w.mu.Unlock()
	for _, c := range conns {
		w.send(c, word, argument)
	}
}

// Lost is closed when a rank is gone, hangs or has failed; Err says which.
func (w *Watch) Lost() <-chan struct{} { return w.lost }

// Err returns nil while all ranks are there, else an *Error about the first that was lost.
func (w *Watch) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return nil
	}
	return w.err
}

// Explain returns a better error than err, what a call of a group failed with, if one comes within a second: one that names
// the rank that is gone. Where a call has waited in vain it names the rank that has done the least.
func (w *Watch) Explain(err error) error {
	e, ours := errors.AsType[*Error](err)
	if !ours || e.Rank >= 0 {
		return err
	}
	select {
	case <-w.lost:
		return w.Err()
	case <-time.After(beat):
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Kind == Timeout && w.rank == 0 {
		least, done := 0, w.progress()
		for rank, n := range w.behind {
			if n < done {
				least, done = rank, n
			}
		}
		if least != 0 {
			return &Error{Op: e.Op, Kind: Timeout, Rank: least, Msg: fmt.Sprintf("rank %d is behind: %s", least, e.Msg)}
		}
	}
	return err
}

// Fail tells all other ranks that this one ends with an error, and ends the watch.
func (w *Watch) Fail(err error) {
	w.end(saysFailed, message(w.rank, fmt.Sprintf("rank %d failed: %s", w.rank, firstLine(err.Error()))))
}

// Close tells all other ranks that this one ends as it should, and ends the watch. After Fail it does nothing.
func (w *Watch) Close() { w.end(saysBye, "") }

func (w *Watch) end(word, argument string) {
	w.mu.Lock()
	was := w.closed
	w.closed = true
	w.mu.Unlock()
	if was {
		return
	}
	w.all(word, argument)
	close(w.quit)
	w.mu.Lock()
	for _, c := range w.conns {
		c.Close()
	}
	w.mu.Unlock()
	if w.listener != nil {
		w.listener.Close()
	}
	w.wg.Wait()
}
