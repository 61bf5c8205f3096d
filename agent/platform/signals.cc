#include "agent/platform/signals.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <utility>

namespace limpet {

struct Signals::State : std::enable_shared_from_this<Signals::State> {
  State(EventLoop& loop, std::function<void(int)> callback)
      : set(loop.context()), on_signal(std::move(callback)) {}

  void Wait() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int signal) {
      if (error || !self->on_signal) return;
      // A copy, because the call may destroy the Signals that owns it.
      const auto callback = self->on_signal;
      callback(signal);
      self->Wait();
    });
  }

  boost::asio::signal_set set;
  std::function<void(int)> on_signal;
};

Signals::Signals(EventLoop& loop, std::initializer_list<int> signals,
                 std::function<void(int)> on_signal)
    : state_(std::make_shared<State>(loop, std::move(on_signal))) {
  for (const int signal : signals) state_->set.add(signal);
  state_->Wait();
}

Signals::~Signals() {
  state_->on_signal = nullptr;
  boost::system::error_code ignored;
  state_->set.cancel(ignored);
}

}  // namespace limpet
