#include "quant/layer_order.h"

#include <map>
#include <set>
#include <vector>

#include "base/error.h"
#include "nn/observe.h"
#include "tensor/autograd/node.h"

namespace octet {
namespace {

/// The vectors (B, T, C) of each batch between two parts of a model.
using Stream = std::vector<Tensor>;

/// A part of a block: its layers, and how it maps what comes in to what goes out.
struct Part {
  std::string path;  // "blocks.3.attention"
  Module* module;
  std::function<Tensor(const Tensor&)> run;
};

std::vector<Part> parts_of(Gpt& model, std::int64_t number) {
  Block& block = (*model.blocks)[number];
  const std::string path = "blocks." + std::to_string(number);
  return {{path + ".attention", &*block.attention, [&](const Tensor& x) { return block.attend(x, {}); }},
          {path + ".mlp", &*block.mlp, [&](const Tensor& h) { return block.transform(h); }}};
}

/// What the layers below `part` read of x, by their name in it. Layers that are rounded already have no observer.
std::map<std::string, Tensor> inputs_of(const Part& part, const Tensor& x, std::vector<std::string>* order = nullptr) {
  std::map<std::string, Tensor> inputs;
  observe_inputs(
      *part.module,
      [&](const std::string& name, const Tensor& input) {
        inputs.emplace(name, input);
        if (order != nullptr) {
          order->push_back(name);
        }
      },
      [&] { part.run(x); });
  return inputs;
}

/// Walks through the parts of a model with all batches.
class Walk {
 public:
  using Visit = std::function<void(const std::string& path, const LayerMoments& moments)>;

  Walk(Gpt& model, Gpt* original, const Visit& visit) : model_(model), original_(original), visit_(visit) {}

  void run(std::span<const Tensor> batches) {
    visit_head(batches);
    for (const Tensor& ids : batches) {
      stream_.push_back(model_.embed(ids, {}));
      if (original_ != nullptr) {
        original_stream_.push_back(original_->embed(ids, {}));
      }
    }
    for (std::int64_t number = 0; number < model_.blocks->size(); ++number) {
      const std::vector<Part> parts = parts_of(model_, number);
      const std::vector<Part> originals = original_ != nullptr ? parts_of(*original_, number) : parts;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        visit_part(parts[i], originals[i]);
        advance(parts[i], stream_);
        advance(originals[i], original_stream_);
      }
    }
  }

 private:
  void visit_head(std::span<const Tensor> batches) {
    const std::string path = model_.head ? "head" : "embedding";
    LayerMoments moments;
    observe_inputs(
        model_,
        [&](const std::string& name, const Tensor& x) {
          if (name == path) {
            add(moments, x, x);
          }
        },
        [&] {
          for (const Tensor& ids : batches) {
            model_.forward(ids);
          }
        });
    visit_(path, moments);
  }

  void visit_part(const Part& part, const Part& original) {
    std::set<std::string> seen;
    for (;;) {
      std::vector<std::string> order;
      const std::map<std::string, Tensor> first = inputs_of(part, stream_.front(), &order);
      std::vector<std::string> names;  // the next layers: those that share the input of the first that was not seen yet
      for (const std::string& name : order) {
        const bool shares = names.empty() || first.at(name).data<float>() == first.at(names[0]).data<float>();
        if (!seen.contains(name) && shares) {
          names.push_back(name);
        }
      }
      if (names.empty()) {
        return;
      }
      const LayerMoments moments = moments_of(part, original, names[0]);
      for (const std::string& name : names) {
        seen.insert(name);
        visit_(part.path + "." + name, moments);
      }
    }
  }

  LayerMoments moments_of(const Part& part, const Part& original, const std::string& name) const {
    LayerMoments moments;
    for (std::size_t batch = 0; batch < stream_.size(); ++batch) {
      const Tensor x = inputs_of(part, stream_[batch]).at(name);
      add(moments, x, original_ == nullptr ? x : inputs_of(original, original_stream_[batch]).at(name));
    }
    return moments;
  }

  void add(LayerMoments& moments, const Tensor& now, const Tensor& before) const {
    const Tensor x = now.to(DeviceKind::cpu);
    moments.inputs.add(x);
    if (original_ != nullptr) {
      moments.mixed.add(x, before.to(DeviceKind::cpu));
    }
  }

  static void advance(const Part& part, Stream& stream) {
    for (Tensor& x : stream) {
      x = part.run(x);
    }
  }

  Gpt& model_;
  Gpt* original_;  // null: nobody asks
  const Visit& visit_;
  Stream stream_, original_stream_;
};

}  // namespace

void visit_in_order(Gpt& model, std::span<const Tensor> batches, Gpt* original,
                    const std::function<void(const std::string& path, const LayerMoments& moments)>& visit) {
  if (batches.empty()) {
    fail(ErrorKind::run, "[quantize] expected text to find the inputs of layers with, got none");
  }
  const NoGrad no_grad;
  Walk(model, original, visit).run(batches);
}

}  // namespace octet
