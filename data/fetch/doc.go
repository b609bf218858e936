// Package fetch downloads the published datasets, verifies them and unpacks them.
//
// Nothing appears half. An archive is downloaded under another name (NAME.part) and
// gets its own when its size and digest are the published ones; it is unpacked into a
// folder beside its place, which takes the place's name when all of it is there. A
// download that was cut off goes on where it ended, in the next attempt or the next
// call. What is downloaded is not trusted: an archive is unpacked through os.Root,
// only files and folders with local names are taken from it, and no more than it
// should hold.
//
// Errors about what is missing or wrong are *data.Error; a folder that another
// process is downloading into is a *run.LockedError.
package fetch
