using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>Keeps the weights of the epoch that did best on held-out images; of equal ones the latest.</summary>
internal sealed class BestEpoch(FlatParameters parameters, IReadOnlyList<NamedTensor> buffers) : IDisposable
{
    private torch.Tensor[] kept = [];

    /// <summary>Passes over the images when it was best; null before anything was judged.</summary>
    public double? Epoch { get; private set; }

    /// <summary>Share of held-out images classified rightly then, in [0, 1].</summary>
    public double Top1 { get; private set; }

    private IEnumerable<torch.Tensor> Live => buffers.Select(b => b.Value).Prepend(parameters.Values);

    /// <summary>Takes a copy of the weights if they are at least as good as the best so far.</summary>
    public void Judge(double epoch, double top1)
    {
        if (Epoch is not null && top1 < Top1)
        {
            return;
        }
        (Epoch, Top1) = (epoch, top1);
        Dispose();
        kept = [.. Live.Select(t => t.detach().clone().DetachFromDisposeScope())];
    }

    /// <summary>Puts the best weights back; does nothing when none were judged.</summary>
    public void Restore()
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var (live, best) in Live.Zip(kept))
        {
            live.copy_(best);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var tensor in kept)
        {
            tensor.Dispose();
        }
        kept = [];
    }
}
