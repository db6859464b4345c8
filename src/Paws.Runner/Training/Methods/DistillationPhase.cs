using Paws.Data.Loading;
using Paws.Data.Sampling;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// Self-distillation as in SimCLRv2: a student that starts as a copy of the fine-tuned network learns the class distributions that the
/// network, unchanged from here on, gives for all unlabeled images. SGD with Nesterov momentum, cosine to 0.
/// </summary>
internal sealed class DistillationPhase : IPhase
{
    private readonly RunSetting run;
    private readonly UnlabeledPlanner planner;
    private readonly Encoder teacher;
    private readonly LinearClassifier teacherClassifier;
    private readonly LinearClassifier classifier;
    private readonly Lars optimizer;
    private readonly WarmupCosine schedule;

    /// <param name="run">Configuration, data, device.</param>
    /// <param name="teacher">The fine-tuned encoder.</param>
    /// <param name="teacherClassifier">Its classifier on the first projection layer.</param>
    /// <param name="student">An encoder of the same shape; takes the teacher's weights and is trained.</param>
    public DistillationPhase(RunSetting run, Encoder teacher, LinearClassifier teacherClassifier, Encoder student)
    {
        this.run = run;
        this.teacher = teacher;
        this.teacherClassifier = teacherClassifier;
        Encoder = student;
        var method = run.Config.Method;
        planner = run.Plans.Distillation();
        TotalSteps = Math.Max(1, (int)Math.Round(method.DistillEpochs * StepsPerEpoch));
        classifier = new LinearClassifier(run, student);
        Parameters = new FlatParameters([.. student.FirstProjectionParameters(), classifier.Weight, classifier.Bias]);
        var (from, to) = (RunContext.EncoderState(teacher), RunContext.EncoderState(student));
        Copy(from.Concat(teacherClassifier.State), to.Concat(classifier.State));
        optimizer = new Lars(Parameters, Optimizers.Sgd(run.Config.Finetune.Momentum));
        schedule = WarmupCosineModule.create(method.DistillLr, method.DistillLr, 0, 0, TotalSteps);
        teacher.Eval();
    }

    public string Name => Phase.Distillation;

    public string Title => "self-distillation";

    public int TotalSteps { get; }

    public double StepsPerEpoch => planner.StepsPerEpoch;

    public int ImagesPerStep => run.Plans.GlobalBatch;

    public bool BatchStatistics => true;

    public Encoder Encoder { get; }

    public FlatParameters Parameters { get; }

    public IEnumerable<(string Name, torch.Tensor Value)> Classifier => classifier.State;

    public IEnumerable<(string Name, torch.Tensor Value)> State => [(RunCheckpoint.MomentumName, optimizer.Momentum), .. Classifier];

    public BatchPlan Plan(int step) => planner.At(step);

    public double LearningRate(int step) => schedule.At(step);

    public StepOutput Loss(IReadOnlyList<torch.Tensor> groups, BatchPlan plan, bool diagnose)
    {
        var student = classifier.Logits(Encoder.FirstProjection(groups[0])); // [b,K]
        var loss = DistillationLoss.evaluate(run.Config.Method.DistillTemperature, Teach(groups[0]), student);
        return new StepOutput(loss, [new(StepPart.Total, loss)], []);
    }

    public void Update(int step) => optimizer.Step(schedule.At(step));

    public Accuracy Evaluate(int images) =>
        classifier.Evaluate(Encoder, Encoder.FirstProjection, run.Data.Test, TestImages.Spread(run.Data.Test.Count, images));

    public void Dispose()
    {
        ((IDisposable)optimizer).Dispose();
        ((IDisposable)Parameters).Dispose();
        classifier.Dispose();
    }

    private torch.Tensor Teach(torch.Tensor images)
    {
        using var frozen = torch.no_grad();
        return teacherClassifier.Logits(teacher.FirstProjection(images));
    }

    private static void Copy(IEnumerable<(string Name, torch.Tensor Value)> from, IEnumerable<(string Name, torch.Tensor Value)> to)
    {
        using var frozen = torch.no_grad();
        foreach (var (source, target) in from.Zip(to))
        {
            target.Value.copy_(source.Value);
        }
    }
}
