using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>Keeps the weights of the epoch that did best on held-out images; of equal ones the latest. Part of a checkpoint.</summary>
internal sealed class BestEpoch : IDisposable
{
    private readonly FlatParameters parameters;
    private readonly IReadOnlyList<NamedTensor> buffers;
    private readonly torch.Tensor[] kept;
    private readonly torch.Tensor judged; // epoch and top-1, in float64 on the CPU; not a number before anything was judged

    /// <param name="parameters">Weights to keep, wherever they stand now.</param>
    /// <param name="buffers">Running statistics to keep.</param>
    public BestEpoch(FlatParameters parameters, IReadOnlyList<NamedTensor> buffers)
    {
        (this.parameters, this.buffers) = (parameters, buffers);
        kept = [.. Live.Select(t => t.detach().clone().DetachFromDisposeScope())];
        judged = torch.tensor(new[] { double.NaN, double.NaN }).DetachFromDisposeScope();
    }

    /// <summary>Passes over the images when it was best; null before anything was judged.</summary>
    public double? Epoch => double.IsNaN(Read(0)) ? null : Read(0);

    /// <summary>Share of held-out images classified rightly then, in [0, 1].</summary>
    public double Top1 => Read(1);

    /// <summary>The name of the tensor in <see cref="State"/> that is not a number before anything was judged.</summary>
    public const string JudgedName = "best.judged";

    /// <summary>What a checkpoint must hold.</summary>
    public IEnumerable<(string Name, torch.Tensor Value)> State =>
        buffers.Select(b => b.Name).Prepend("values").Zip(kept, (name, value) => ("best." + name, value)).Append((JudgedName, judged));

    private IEnumerable<torch.Tensor> Live => buffers.Select(b => b.Value).Prepend(parameters.Values);

    /// <summary>Takes a copy of the weights if they are at least as good as the best so far.</summary>
    public void Judge(double epoch, double top1)
    {
        // Weights that have diverged are nobody's best, though what they predict may happen to be right.
        if ((Epoch is not null && top1 < Top1) || Finite.FirstNot([("values", parameters.Values)]) is not null)
        {
            return;
        }
        using var scope = torch.NewDisposeScope();
        judged.copy_(torch.tensor(new[] { epoch, top1 }));
        Copy(Live, kept);
    }

    /// <summary>Puts the best weights back; does nothing when none were judged.</summary>
    public void Restore()
    {
        if (Epoch is not null)
        {
            Copy(kept, Live);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var tensor in kept.Append(judged))
        {
            tensor.Dispose();
        }
    }

    private static void Copy(IEnumerable<torch.Tensor> from, IEnumerable<torch.Tensor> to)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var (source, target) in from.Zip(to))
        {
            target.copy_(source);
        }
    }

    private double Read(int which) => judged.data<double>()[which];
}
