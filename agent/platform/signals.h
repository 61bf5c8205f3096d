// Unix signals as calls on the event loop.
//
// Who calls it: main, once, before the loop runs. The callbacks may do anything a callback of the
// loop may. SIGPIPE is not here: the loop ignores it.
#ifndef LIMPET_AGENT_PLATFORM_SIGNALS_H_
#define LIMPET_AGENT_PLATFORM_SIGNALS_H_

#include <functional>
#include <initializer_list>
#include <memory>

#include "agent/platform/event_loop.h"

namespace limpet {

class Signals {
 public:
  Signals(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace limpet

#endif  // LIMPET_AGENT_PLATFORM_SIGNALS_H_
