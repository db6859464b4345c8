using Paws.Data.Loading;
using Paws.Model;
using Paws.Runner.Config;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>PAWS pre-training: consistency of the views of unlabeled images, predicted from labeled supports; LARS over SGD.</summary>
internal sealed class PawsPhase : PretrainingPhase
{
    private readonly Func<torch.Tensor, torch.Tensor, StepOutput> evaluate;
    private readonly torch.Tensor labels;
    private readonly torch.Tensor hardLabels;
    private readonly int multicrop;
    private readonly int batch; // images of all ranks
    private readonly int[] imageCounts; // of each rank
    private readonly int[] supportCounts; // rows, all views counted

    /// <param name="run">Configuration, data, device.</param>
    /// <param name="encoder">What is trained.</param>
    /// <param name="objective">What is minimised; null for the published objective.</param>
    public PawsPhase(RunSetting run, Encoder encoder, ExperimentObjective? objective)
        : base(run, encoder, run.Plans.Paws(run.Ranks.Shard))
    {
        var criterion = run.Config.Criterion;
        batch = run.Plans.GlobalBatch;
        multicrop = run.Config.Data.Multicrop;
        var supportsOfRank = criterion.ClassesPerBatch * criterion.SupervisedImgsPerClass * criterion.SupervisedViews;
        imageCounts = run.Ranks.Shard.Counts(batch);
        supportCounts = run.Ranks.Shard.Counts(supportsOfRank * run.Plans.WorldSize);
        Shares.Check(run.Ranks, imageCounts, "pre-training", "criterion.unsupervised_batch_size");
        Shares.Check(run.Ranks, supportCounts, "the support mini-batch", "criterion.supervised_imgs_per_class");
        labels = SupportLabels.Of(run, encoder.MasterType, run.Config.Data.LabelSmoothing);
        hardLabels = SupportLabels.Of(run, encoder.MasterType, 0);
        evaluate = objective is null ? Published() : Own(objective);
        OwnObjective = objective is not null;
    }

    /// <summary>Whether an experiment's objective is trained in place of the published one.</summary>
    public bool OwnObjective { get; }

    public override string Name => TrainMethod.Of(Run.Config);

    public override StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var (h, z) = Encoder.Forward(groups);
        var output = evaluate(z, h);
        return diagnose ? output with { Watched = Watch(h) } : output;
    }

    public override void Dispose()
    {
        labels.Dispose();
        hardLabels.Dispose();
        base.Dispose();
    }

    /// <summary>
    /// The published objective of a batch, from embeddings after and before the prediction head. Of several ranks each has its
    /// images' part of the cross-entropy and the whole of ME-Max, whose mean prediction is that of all (see Gathering.Mean).
    /// </summary>
    private Func<torch.Tensor, torch.Tensor, StepOutput> Published()
    {
        var (criterion, ranks) = (Run.Config.Criterion, Run.Ranks);
        var (images, supports) = (imageCounts[ranks.Rank], supportCounts[ranks.Rank]);
        var share = (double)images / batch;
        var options = PawsLossOptions
            .Create(criterion.Temperature, criterion.Sharpen, criterion.MeMax)
            .WithSuncet(criterion.SupportWeight, criterion.SupportTemperature)
            .WithWorkers(
                new PawsWorkers(
                    gatherSupports: own => Gathering.Rows(ranks, supportCounts, own),
                    averagePrediction: own => Gathering.Mean(ranks, share, own)
                )
            );
        return (z, h) =>
        {
            var loss = PawsLoss.ofBatch(options, supports, images, multicrop, labels, z, h);
            // Every rank sees all supports, so each answers for its part of their one term.
            var support = criterion.SupportWeight > 0 ? Shares.Of(ranks, 1.0 / ranks.Size, loss.Support) : null;
            return Output(
                ranks.Alone ? loss.Total : Sum(Scalars.add(Scalars.multiply(share, loss.CrossEntropy), loss.MeMax), support),
                Shares.Of(ranks, share, loss.CrossEntropy),
                Shares.Of(ranks, 1.0 / ranks.Size, loss.MeMax),
                support,
                Shares.Of(ranks, share, loss.TargetConfidence)
            );
        };
    }

    /// <summary>
    /// An objective of one's own knows nothing of ranks: it gets the embeddings of all, on every rank, and each rank answers for its
    /// share of the one value.
    /// </summary>
    private Func<torch.Tensor, torch.Tensor, StepOutput> Own(ExperimentObjective objective) =>
        (z, h) =>
        {
            var (wholeZ, ranks) = (OfAllRanks(z, 2 + multicrop), Run.Ranks);
            var wholeH = ReferenceEquals(z, h) ? wholeZ : OfAllRanks(h.detach(), 2 + multicrop);
            var loss = objective(Run.Config, PawsLoss.step(supportCounts.Sum(), batch, multicrop, labels, wholeZ, wholeH));
            torch.Tensor Share(torch.Tensor value) => Shares.Of(ranks, 1.0 / ranks.Size, value);
            return Output(Share(loss.Total), Share(loss.CrossEntropy), Share(loss.MeMax), null, Share(loss.TargetConfidence));
        };

    private static torch.Tensor Sum(torch.Tensor published, torch.Tensor? support) =>
        support is null ? published : Scalars.add(published, support);

    private static StepOutput Output(
        torch.Tensor loss,
        torch.Tensor crossEntropy,
        torch.Tensor meMax,
        torch.Tensor? support,
        torch.Tensor confidence
    )
    {
        List<KeyValuePair<StepPart, torch.Tensor>> parts =
        [
            new(StepPart.Total, Sum(Scalars.add(crossEntropy, meMax), support)),
            new(StepPart.CrossEntropy, crossEntropy),
            new(StepPart.MeMax, meMax),
            new(StepPart.TargetConfidence, confidence),
        ];
        if (support is not null)
        {
            parts.Add(new(StepPart.Support, support));
        }
        return new StepOutput(loss, parts, []);
    }

    /// <summary>Embeddings of this rank, supports and then so many views, to those of all ranks in the order of one process.</summary>
    private torch.Tensor OfAllRanks(torch.Tensor embeddings, int views)
    {
        var ranks = Run.Ranks;
        if (ranks.Alone)
        {
            return embeddings;
        }
        var (supports, images) = (supportCounts[ranks.Rank], imageCounts[ranks.Rank]);
        var parts = new List<torch.Tensor> { Gathering.Rows(ranks, supportCounts, embeddings.narrow(0, 0, supports)) };
        for (var view = 0; view < views; view++)
        {
            parts.Add(Gathering.Rows(ranks, imageCounts, embeddings.narrow(0, supports + (long)view * images, images)));
        }
        return torch.cat(parts, 0);
    }

    /// <summary>Of the targets that the large views [2b,d] give, sharpened, and of the embeddings of the first of them.</summary>
    private IEnumerable<KeyValuePair<StepPart, torch.Tensor>> Signs(torch.Tensor supports, torch.Tensor views)
    {
        var criterion = Run.Config.Criterion;
        using var predictions = SoftNearestNeighbours.classify(criterion.Temperature, supports, labels, views);
        using var targets = Sharpening.sharpen(criterion.Sharpen, predictions);
        return [.. BatchSigns.OfPredictions(targets), .. BatchSigns.OfEmbeddings(views.narrow(0, 0, batch))];
    }

    /// <summary>Figure 4b: two losses that fall although nothing minimises them.</summary>
    private IReadOnlyList<KeyValuePair<StepPart, torch.Tensor>> Watch(torch.Tensor h)
    {
        using var frozen = torch.no_grad();
        var temperature = Run.Config.Criterion.Temperature;
        var embeddings = OfAllRanks(h.detach(), 2);
        var supportRows = supportCounts.Sum();
        var supports = embeddings.narrow(0, 0, supportRows);
        return
        [
            new(StepPart.InstanceDiscrimination, NtXentLoss.evaluate(temperature, embeddings.narrow(0, supportRows, 2L * batch))),
            new(StepPart.SupportClassification, SuncetLoss.evaluate(temperature, supports, hardLabels)),
            .. Signs(supports, embeddings.narrow(0, supportRows, 2L * batch)),
        ];
    }
}
