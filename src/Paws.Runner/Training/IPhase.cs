using Paws.Data.Loading;
using Paws.Model;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// One part of a run with an optimiser of its own: what a step sees, what it minimises, how weights move. The loop around it
/// (loading, timing, logging, checkpoints, stopping) is <see cref="TrainingLoop"/>.
/// </summary>
internal interface IPhase : IDisposable
{
    /// <summary>Name in metrics and checkpoints, a constant of <see cref="Phase"/>.</summary>
    string Name { get; }

    /// <summary>What a person calls it.</summary>
    string Title { get; }

    /// <summary>Optimiser steps in all.</summary>
    int TotalSteps { get; }

    /// <summary>Steps in one pass over the phase's images; may be fractional for small label sets.</summary>
    double StepsPerEpoch { get; }

    /// <summary>Images a step that count for images a second (unlabeled ones in pre-training).</summary>
    int ImagesPerStep { get; }

    /// <summary>Whether the encoder's batch-norm takes statistics from the batch while this phase trains.</summary>
    bool BatchStatistics { get; }

    /// <summary>The encoder being trained.</summary>
    Encoder Encoder { get; }

    /// <summary>Parameters, gradients: the flat buffers.</summary>
    FlatParameters Parameters { get; }

    /// <summary>Tensors beyond the encoder's that a checkpoint must hold to continue bit for bit.</summary>
    IEnumerable<(string Name, torch.Tensor Value)> State { get; }

    /// <summary>The batch of a step; a pure function of the step.</summary>
    BatchPlan Plan(int step);

    /// <summary>Learning rate of a step.</summary>
    double LearningRate(int step);

    /// <summary>
    /// The loss of a batch, with graph; of several ranks each one's part, such that the gradients of all, summed, are that of the
    /// whole batch. <paramref name="groups"/>: [rows, 3, s, s] a resolution.
    /// With <paramref name="diagnose"/>, also what is only watched.
    /// </summary>
    StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose);

    /// <summary>Moves the weights by the accumulated gradient.</summary>
    void Update(int step);

    /// <summary>Accuracy on test images; <paramref name="images"/> of them, or all when 0.</summary>
    Accuracy Evaluate(int images);

    /// <summary>The linear classifier that it trains beside the encoder, as it is saved: weight [K, features], bias [K]; or nothing.</summary>
    IEnumerable<(string Name, torch.Tensor Value)> Classifier => [];

    /// <summary>
    /// After the last step and its evaluation, before weights are saved: puts those in place that the phase is judged by, where they
    /// are not the last step's, and says how good they are.
    /// </summary>
    void Finish(PhaseState state) { }
}

/// <summary>The phase that a run is about, its method's: the report shows how it is judged, image by image.</summary>
internal interface IMethodPhase : IPhase
{
    /// <summary>What judges it: PAWS-NN, or its classifier.</summary>
    string Protocol { get; }

    /// <summary>Predictions for all test images, and the embeddings of so many of them.</summary>
    NearestNeighbourResult Judge(int keep);
}

/// <summary>The scalars of one step; tensors stay on their device until they are read.</summary>
/// <param name="Loss">What is minimised.</param>
/// <param name="Parts">
/// Read every logging interval, averaged over its steps; names are keys of <see cref="StepPart"/>. Of several ranks each one's part of
/// the sum.
/// </param>
/// <param name="Watched">Measured only on diagnosed steps; the same on all ranks.</param>
internal sealed record StepOutput(
    torch.Tensor Loss,
    IReadOnlyList<KeyValuePair<StepPart, torch.Tensor>> Parts,
    IReadOnlyList<KeyValuePair<StepPart, torch.Tensor>> Watched
);

/// <summary>Scalars a step may report.</summary>
internal enum StepPart
{
    /// <summary>The whole objective.</summary>
    Total,

    /// <summary>Consistency or classification cross-entropy.</summary>
    CrossEntropy,

    /// <summary>The regulariser as added.</summary>
    MeMax,

    /// <summary>What PAWS adds for the supports alone, weighted.</summary>
    Support,

    /// <summary>Mean largest target probability.</summary>
    TargetConfidence,

    /// <summary>Share of unlabeled images whose predicted class was taken as a label.</summary>
    ConfidentShare,

    /// <summary>NT-Xent of the two large views.</summary>
    InstanceDiscrimination,

    /// <summary>SuNCEt of the supports, or cross-entropy of labeled images.</summary>
    SupportClassification,

    /// <summary>H(p̄), see <see cref="BatchSigns"/>.</summary>
    MeanEntropy,

    /// <summary>H(p̄) − mean H(p).</summary>
    Information,

    /// <summary>Effective rank of the embeddings.</summary>
    EmbeddingRank,

    /// <summary>Spread of the embeddings.</summary>
    EmbeddingSpread,
}
