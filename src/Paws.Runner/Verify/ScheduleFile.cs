using Paws.Model;

namespace Paws.Runner.Verify;

/// <summary>schedules.json: the learning rate of each step.</summary>
internal static class ScheduleFile
{
    /// <summary>One case.</summary>
    public static Comparison Check(string file, GoldenJson golden, int number)
    {
        int total = golden["total_steps"].Whole;
        int warmup = golden["warmup_steps"].Whole;
        var schedule = WarmupCosineModule.create(golden["start_lr"].Number, golden["lr"].Number, golden["final_lr"].Number, warmup, total);
        var expected = golden["expected"].Numbers;
        var largest = new Largest();
        for (int step = 0; step < expected.Length; step++)
        {
            largest.Add($"step {step}", expected[step], schedule.At(step));
        }
        return new Comparison(file, $"{number}: {warmup} + {total - warmup} steps", largest.Error, 1e-10, largest.What);
    }
}
