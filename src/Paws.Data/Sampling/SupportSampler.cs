namespace Paws.Data.Sampling;

/// <summary>The labeled images of one step on one rank.</summary>
/// <param name="Samples">Indices into the data set, in the order class a, b, c, … repeated; all different.</param>
/// <param name="Classes">The class of each.</param>
public readonly record struct SupportDraw(int[] Samples, int[] Classes);

/// <summary>
/// Which labeled images a step sees, equally many of each sampled class. Classes walk through a random permutation without
/// repeats until too few are left for a step, then through a new one. Within a class, each draw takes the next images of a
/// random permutation of the class's labeled images; the last draw of a pass, if images run short, is filled up from the
/// pass's beginning. So a batch has no image twice and every image's turn comes.
/// A function of (seed, step): any step can be asked for, in any order.
/// </summary>
public sealed class SupportSampler
{
    private readonly int[][] images;
    private readonly Permutations classOrder;
    private readonly Permutations[] imageOrders;
    private readonly int imagesPerClass;
    private readonly int classesPerStep;
    private readonly int rank;
    private readonly int world;
    private readonly bool uniqueClassesPerRank;

    /// <param name="labels">The label of each image of the data set.</param>
    /// <param name="labeled">Indices of the images whose label may be used; each has a class.</param>
    /// <param name="classes">Class names; every class needs labeled images.</param>
    /// <param name="classesPerBatch">Classes in a support mini-batch, on each rank.</param>
    /// <param name="imagesPerClass">Images of each.</param>
    /// <param name="seed">The run's seed, the same on all ranks.</param>
    /// <param name="rank">This worker, from 0.</param>
    /// <param name="world">Number of workers.</param>
    /// <param name="uniqueClassesPerRank">True: ranks draw different classes. False: the same classes, other images as far as there are.</param>
    /// <exception cref="DataException">A class has too few labeled images, or there are too few classes.</exception>
    public SupportSampler(
        IReadOnlyList<int> labels,
        IReadOnlyList<int> labeled,
        IReadOnlyList<string> classes,
        int classesPerBatch,
        int imagesPerClass,
        ulong seed,
        int rank = 0,
        int world = 1,
        bool uniqueClassesPerRank = false
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classesPerBatch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(imagesPerClass, 1);
        Ranks.Check(rank, world);
        ClassesPerBatch = classesPerBatch;
        classesPerStep = uniqueClassesPerRank ? classesPerBatch * world : classesPerBatch;
        (this.imagesPerClass, this.rank, this.world, this.uniqueClassesPerRank) = (imagesPerClass, rank, world, uniqueClassesPerRank);

        images = ByClass(labels, labeled, classes.Count);
        CheckSupply(classes);
        classOrder = new Permutations(seed, Permutations.Classes, 0, images.Length);
        imageOrders = new Permutations[images.Length];
        for (int k = 0; k < images.Length; k++)
            imageOrders[k] = new Permutations(seed, Permutations.ImagesOfClass, k, images[k].Length);
    }

    /// <summary>Classes in a support mini-batch on this rank.</summary>
    public int ClassesPerBatch { get; }

    /// <summary>Images of a support mini-batch on this rank, before views.</summary>
    public int Size => ClassesPerBatch * imagesPerClass;

    /// <summary>Steps until the labeled images have been seen about once: the length of an epoch over them.</summary>
    public int StepsPerPass => Math.Max(1, images.Sum(i => i.Length) / (Size * world));

    /// <summary>This rank's support mini-batch at a step.</summary>
    public SupportDraw At(int step)
    {
        int stepsPerWalk = images.Length / classesPerStep;
        int walk = step / stepsPerWalk;
        int first = step % stepsPerWalk * classesPerStep + (uniqueClassesPerRank ? rank * ClassesPerBatch : 0);
        var drawn = classOrder.At(walk).AsSpan(first, ClassesPerBatch);

        var draw = new SupportDraw(new int[Size], new int[Size]);
        for (int column = 0; column < drawn.Length; column++)
        {
            int k = drawn[column];
            // A class comes up once a walk. Ranks that share classes take consecutive draws of it.
            long number = uniqueClassesPerRank ? walk : (long)walk * world + rank;
            int drawsPerPass = (images[k].Length + imagesPerClass - 1) / imagesPerClass;
            var order = imageOrders[k].At(number / drawsPerPass);
            int start = (int)(number % drawsPerPass) * imagesPerClass;
            for (int i = 0; i < imagesPerClass; i++)
            {
                int row = i * ClassesPerBatch + column;
                draw.Samples[row] = images[k][order[(start + i) % order.Length]];
                draw.Classes[row] = k;
            }
        }
        return draw;
    }

    private static int[][] ByClass(IReadOnlyList<int> labels, IReadOnlyList<int> labeled, int classes)
    {
        var lists = new List<int>[classes];
        for (int k = 0; k < classes; k++)
            lists[k] = [];
        foreach (int image in labeled)
            lists[labels[image]].Add(image);
        return Array.ConvertAll(lists, list => list.ToArray());
    }

    private void CheckSupply(IReadOnlyList<string> classes)
    {
        if (classes.Count < classesPerStep)
        {
            string each = Ranks.Times(ClassesPerBatch, uniqueClassesPerRank ? world : 1);
            int most = classes.Count / (uniqueClassesPerRank ? world : 1);
            throw new DataException(
                $"the data set has {classes.Count} classes, but a support mini-batch takes {each}: "
                    + $"set criterion.classes_per_batch to at most {most}"
            );
        }
        int poorest = 0;
        for (int k = 1; k < images.Length; k++)
            if (images[k].Length < images[poorest].Length)
                poorest = k;
        int supply = images[poorest].Length;
        if (supply >= imagesPerClass)
            return;
        string remedy =
            supply == 0 ? "label images of every class" : $"label more, or set criterion.supervised_imgs_per_class to at most {supply}";
        throw new DataException(
            $"class '{classes[poorest]}' has {supply} labeled images, but a support mini-batch takes {imagesPerClass} of each class: {remedy}"
        );
    }
}
