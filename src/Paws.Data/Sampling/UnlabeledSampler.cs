namespace Paws.Data.Sampling;

/// <summary>
/// Which unlabeled images a step sees: every epoch walks through a random permutation of the whole training set. Global batch
/// k of an epoch is the k-th run of batch · world images in that order, rank r takes the r-th part of it; an incomplete last
/// batch is dropped. A function of (seed, step): any step can be asked for, in any order, from any thread.
/// </summary>
public sealed class UnlabeledSampler
{
    private readonly Permutations order;
    private readonly int batch;
    private readonly int rank;
    private readonly int world;

    /// <param name="count">Images of the training set, labeled ones and those without a class included.</param>
    /// <param name="batch">Images a step on each rank.</param>
    /// <param name="seed">The run's seed, the same on all ranks.</param>
    /// <param name="rank">This worker, from 0.</param>
    /// <param name="world">Number of workers.</param>
    /// <exception cref="DataException">The set is smaller than one global batch.</exception>
    public UnlabeledSampler(int count, int batch, ulong seed, int rank = 0, int world = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        Ranks.Check(rank, world);
        if (count < (long)batch * world)
            throw new DataException(
                $"the training set has {count} images, fewer than one unlabeled batch ({Ranks.Times(batch, world)}): "
                    + $"set criterion.unsupervised_batch_size to at most {count / world}"
            );
        (this.batch, this.rank, this.world) = (batch, rank, world);
        order = new Permutations(seed, Permutations.Unlabeled, 0, count);
        StepsPerEpoch = count / (batch * world);
    }

    /// <summary>Steps of an epoch.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>The epoch of a step, from 0.</summary>
    public int EpochOf(int step) => step / StepsPerEpoch;

    /// <summary>This rank's images at a step, all different.</summary>
    public ReadOnlySpan<int> At(int step)
    {
        int start = (step % StepsPerEpoch * world + rank) * batch;
        return order.At(EpochOf(step)).AsSpan(start, batch);
    }
}
