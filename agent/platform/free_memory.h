// Gives memory that is not needed any more back to the system.
//
// Who calls it: whoever has just let go of megabytes in small pieces (a decoder, a job's targets),
// and main, once it has started; any thread.
#ifndef LIMPET_AGENT_PLATFORM_FREE_MEMORY_H_
#define LIMPET_AGENT_PLATFORM_FREE_MEMORY_H_

namespace limpet {

// What was freed. It takes about a millisecond for each 10 MB of heap. Without it the allocator
// keeps what lies between pieces that are in use, and a peak stays resident for good.
void ReturnFreeMemory();

// The pages of program and libraries, which are mapped from their files: those that are used come
// back at the price of a fault, those that only a start needs (relocations, the reading of the
// configuration) do not.
void ReturnMappedCode();

// From now on blocks of 256 KiB and more are mapped one by one and go back as soon as they are
// freed, also after others of their size. For a process with a limit: it costs page faults.
void KeepLargeBlocksApart();

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_FREE_MEMORY_H_
