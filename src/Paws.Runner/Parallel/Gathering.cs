using TorchSharp;

namespace Paws.Runner.Parallel;

/// <summary>Collective operations through which gradient passes, for losses that are told of other workers only by these functions.</summary>
internal static class Gathering
{
    /// <summary>
    /// Rows of this rank [n, d] to those of all ranks [Σn, d], rank by rank. Gradient: what all ranks' losses, summed, ask of this
    /// rank's rows; so with a loss that is the sum of what each rank computes, the gradient is that of one process.
    /// </summary>
    /// <param name="workers">The ranks.</param>
    /// <param name="counts">Rows of each rank.</param>
    /// <param name="own">This rank's rows.</param>
    public static torch.Tensor Rows(Workers workers, int[] counts, torch.Tensor own) =>
        workers.Alone ? own : GatheredRows.apply(own, workers, counts);

    /// <summary>
    /// A mean over this rank's images to that over the images of all: Σ share·own. Gradient: share times what is asked of the mean,
    /// where each rank's loss contains the whole term that the mean enters. For ranks of equal size that is, up to the factor
    /// that averaging gradients brings, the published identity.
    /// </summary>
    /// <param name="workers">The ranks.</param>
    /// <param name="share">This rank's images over all.</param>
    /// <param name="own">The mean over this rank's images.</param>
    public static torch.Tensor Mean(Workers workers, double share, torch.Tensor own) =>
        workers.Alone ? own : MeanOfAll.apply(own, workers, share);

    private sealed class GatheredRows : torch.autograd.SingleTensorFunction<GatheredRows>
    {
        public override string Name => nameof(GatheredRows);

        public override torch.Tensor forward(torch.autograd.AutogradContext context, params object[] arguments)
        {
            var (own, workers, counts) = ((torch.Tensor)arguments[0], (Workers)arguments[1], (int[])arguments[2]);
            context.save_data(nameof(workers), workers);
            context.save_data(nameof(counts), counts);
            using var scope = torch.NewDisposeScope();
            // Pieces of one size travel: the shorter ones end in rows that nobody reads.
            long longest = counts.Max();
            var piece = own.contiguous();
            if (own.shape[0] < longest)
            {
                piece = torch.zeros([longest, .. own.shape[1..]], own.dtype, own.device);
                piece.narrow(0, 0, own.shape[0]).copy_(own);
            }
            var all = workers.Gather(piece);
            var pieces = counts.Select((count, rank) => all.select(0, rank).narrow(0, 0, count)).ToArray();
            return torch.cat(pieces, 0).MoveToOuterDisposeScope();
        }

        public override List<torch.Tensor> backward(torch.autograd.AutogradContext context, torch.Tensor gradient)
        {
            using var scope = torch.NewDisposeScope();
            var workers = (Workers)context.get_data("workers");
            var counts = (int[])context.get_data("counts");
            var sum = gradient.clone().contiguous();
            workers.SumOrDie(sum);
            var own = sum.narrow(0, counts.Take(workers.Rank).Sum(), counts[workers.Rank]).clone();
            return [own.MoveToOuterDisposeScope(), null!, null!];
        }
    }

    private sealed class MeanOfAll : torch.autograd.SingleTensorFunction<MeanOfAll>
    {
        public override string Name => nameof(MeanOfAll);

        public override torch.Tensor forward(torch.autograd.AutogradContext context, params object[] arguments)
        {
            var (own, workers, share) = ((torch.Tensor)arguments[0], (Workers)arguments[1], (double)arguments[2]);
            context.save_data(nameof(share), share);
            var mean = Paws.Model.Scalars.multiply(share, own);
            workers.Sum(mean);
            return mean;
        }

        public override List<torch.Tensor> backward(torch.autograd.AutogradContext context, torch.Tensor gradient) =>
            [Paws.Model.Scalars.multiply((double)context.get_data("share"), gradient), null!, null!];
    }
}
