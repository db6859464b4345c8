using System.Diagnostics;
using Paws.Model;
using Paws.Runner.Startup;
using TorchSharp;

namespace Paws.Runner.Bench;

/// <summary>Times the PAWS loss and its gradient by itself, on random embeddings without an encoder.</summary>
internal sealed class LossBench : IDisposable
{
    private readonly StepBenchOptions options;
    private readonly PawsLossOptions loss = PawsLossOptions.Create(0.1, 0.25, true);
    private readonly torch.Tensor labels;
    private readonly torch.Tensor embeddings;

    /// <summary>Draws the embeddings.</summary>
    public LossBench(StepBenchOptions options)
    {
        this.options = options;
        LibTorch.Prepare();
        var device = LibTorch.Resolve(options.Device);
        torch.set_num_threads(options.Threads > 0 ? options.Threads : Environment.ProcessorCount);
        using var scope = torch.NewDisposeScope();
        labels = options.Labels(device).DetachFromDisposeScope();
        embeddings = torch.randn([options.AllViews, options.Out], device: device).requires_grad_(true).DetachFromDisposeScope();
    }

    /// <summary>Loss and gradient once, waited for.</summary>
    /// <returns>Seconds.</returns>
    public double Step()
    {
        var start = Stopwatch.GetTimestamp();
        using var scope = torch.NewDisposeScope();
        var result = PawsLoss.ofBatch(loss, options.SupportRows, options.Batch, options.Crops, labels, embeddings, embeddings);
        result.Total.backward();
        result.Total.cpu().item<float>();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        labels.Dispose();
        embeddings.Dispose();
    }
}
