// A conversation inside Qt's event loop: one thread, and no call that waits.
//
// With COPILOT_DRIVE_POLL the library runs callbacks only inside Client::poll, and its descriptor is readable while there is
// something to run. A QSocketNotifier watches the descriptor and calls poll, so every handler may touch widgets. The tool takes
// its time with a timer of the same loop, and a second timer ticks: the loop turns all the while.
//
// Do not run another event loop inside a handler, as QDialog::exec does: poll is then refused (COPILOT_ERROR_WOULD_DEADLOCK),
// and nothing of this client is delivered. Keep the call, open() the dialog, and answer when it was closed.
//
//   c++ -std=c++17 qt.cpp $(pkg-config --cflags --libs copilot Qt6Core) -o qt; COPILOT_CLI_PATH=… COPILOT_MODEL_URL=… ./qt
#include <QCoreApplication>
#include <QSocketNotifier>
#include <QTimer>
#include <copilot.hpp>
#include <iostream>
#include <memory>

using namespace std::chrono_literals;

class Conversation {
 public:
  Conversation() : client_(polled()), library_(client_.fd(), QSocketNotifier::Read) {
    // Handlers run here. What they throw does not leave poll, so they end the loop themselves when something went wrong.
    QObject::connect(&library_, &QSocketNotifier::activated, [this] { client_.poll(0ms); });
    QObject::connect(&ticker_, &QTimer::timeout, [this] { ticks_++; });
    ticker_.start(1ms);
  }
  void begin() {
    client_.create_session_async(configuration(), [this](copilot::Result<copilot::Session> opened) {  // starts the runtime
      if (!opened) return failed(opened.error());
      session_ = std::move(*opened);
      session_->send_and_wait_async("What is the weather in Paris?", then([this] { end(); }));
    });
  }
  int ticks() const { return ticks_; }

 private:
  static copilot::ClientOptions polled() {
    copilot::ClientOptions options;
    options.drive = COPILOT_DRIVE_POLL;
    return options;
  }
  copilot::SessionConfig configuration() {
    copilot::SessionConfig config(R"({"streaming":true})");
    if (auto url = qgetenv("COPILOT_MODEL_URL").toStdString(); !url.empty())
      config.set(R"({"model":"m","provider":{"type":"openai","apiKey":"none","baseUrl":)" + copilot::json_quote(url) + "}}");
    config.on_event([](const copilot::Event& event) { std::cout << event.fields().delta; });
    config.on_permission([](const copilot::Invocation&) {
      std::cout << "[permission] yes" << std::endl;
      return R"({"kind":"approve-once"})";
    });
    // The tool returns at once; its call is kept and answered later.
    config.tool_later("get_weather", "Tells the weather of a city", R"({"type":"object","properties":{"city":{"type":"string"}}})",
                      [this](const copilot::Invocation& asked, copilot::Call call) {
                        std::cout << "[tool] " << asked.name << std::endl;
                        auto kept = std::make_shared<copilot::Call>(std::move(call));
                        QTimer::singleShot(20ms, &ticker_, [kept] { (void)kept->reply_text("Sunny, 21 degrees in Paris"); });
                      });
    return config;
  }
  void end() {
    std::cout << std::endl;
    session_->disconnect_async(then([this] { client_.stop_async(then([] { QCoreApplication::quit(); })); }));
  }
  // Goes on when a call went well.
  copilot::Done then(std::function<void()> next) {
    return [next = std::move(next)](copilot::Result<std::string> result) { result ? next() : failed(result.error()); };
  }
  static void failed(const copilot::Error& error) {
    std::cerr << error.name() << ": " << error.what() << std::endl;
    QCoreApplication::exit(1);
  }

  copilot::Client client_;
  std::optional<copilot::Session> session_;
  QSocketNotifier library_;  // declared behind the client: it goes first, while the descriptor is still open
  QTimer ticker_;
  int ticks_ = 0;
};

int main(int argc, char** argv) try {
  QCoreApplication app(argc, argv);
  Conversation conversation;
  conversation.begin();
  int code = app.exec();
  std::cout << "the loop turned meanwhile: " << (conversation.ticks() > 0 ? "yes" : "no") << std::endl;
  return code;
} catch (const copilot::Error& error) {
  std::cerr << error.name() << ": " << error.what() << std::endl;
  return 1;
}
